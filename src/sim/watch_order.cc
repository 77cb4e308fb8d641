#include "sim/watch_order.h"

#include <utility>

namespace sim {

void WatchOrder::OnCreated(int64_t revision) {
  if (next_ == 0) next_ = revision + 1;
}

void WatchOrder::OnEvent(int64_t revision, KeyChange change) {
  if (revision != at_) EndRevision();
  if (changes_.empty() && revision != next_) {
    parts_.fail("a watch was told of revision " + std::to_string(revision) + " after " +
                std::to_string(next_ - 1));
  }
  at_ = revision;
  changes_.push_back(std::move(change));
}

void WatchOrder::OnEndOfAnswer(int64_t header_revision, bool whole) {
  if (whole) EndRevision();
  if (next_ > header_revision + 1) {
    parts_.fail("a watch was told of more than the answer's revision");
  }
}

void WatchOrder::EndRevision() {
  if (changes_.empty()) return;
  parts_.on_revision(base::Revision(at_), changes_);
  next_ = at_ + 1;
  changes_.clear();
}

// Every revision changes some key that is watched.
void WatchOrder::OnProgress(int64_t header_revision) {
  const std::string told = "progress is told to be " + std::to_string(header_revision);
  if (header_revision >= next_) {
    parts_.fail(told + ", and revision " + std::to_string(next_) + " was not told");
  }
  if (header_revision < next_ - 1) {
    parts_.fail(told + " after " + std::to_string(next_ - 1));
  }
}

void WatchOrder::OnCompacted(int64_t compact_revision, const std::string& reason) {
  if (compact_revision <= next_) {
    parts_.fail("a watch was canceled (" + reason + ") for a compaction to " +
                std::to_string(compact_revision) + " that leaves revision " +
                std::to_string(next_));
  }
  next_ = compact_revision;
}

}  // namespace sim
