#include "net/peer/append_sequence.h"

#include <algorithm>
#include <utility>

#include "net/peer/outbox.h"

namespace peer {

void AppendSequence::Take(raft::Message message, std::vector<raft::Message>* delivered) {
  if (at_.has_value() && message.term != at_->term) Release(delivered);
  if (!LeavesGap(message)) {
    Deliver(std::move(message), delivered);
    // Those that follow now.
    auto next = held_.begin();
    for (; next != held_.end() && next->index <= at_->index; ++next) {
      held_bytes_ -= HeldBytes(*next);
      Deliver(std::move(*next), delivered);
    }
    held_.erase(held_.begin(), next);
    return;
  }
  held_bytes_ += HeldBytes(message);
  const auto place = std::upper_bound(
      held_.begin(), held_.end(), message.index,
      [](base::Index index, const raft::Message& each) { return index < each.index; });
  held_.insert(place, std::move(message));
  if (held_bytes_ > kHeldBytesMax) Release(delivered);
}

void AppendSequence::Release(std::vector<raft::Message>* delivered) {
  held_bytes_ = 0;
  for (raft::Message& message : std::exchange(held_, {})) Deliver(std::move(message), delivered);
}

// Whether there is a gap before it.
bool AppendSequence::LeavesGap(const raft::Message& message) const {
  return at_.has_value() && message.term == at_->term && message.index > at_->index;
}

void AppendSequence::Deliver(raft::Message message, std::vector<raft::Message>* delivered) {
  at_ = {message.term, message.index + message.entries.size()};
  delivered->push_back(std::move(message));
}

}  // namespace peer
