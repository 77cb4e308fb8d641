#include "raft/progress.h"

#include <algorithm>

#include "base/check.h"

namespace raft {

void Progress::ResetState(ProgressState state) {
  append_paused_ = false;
  pending_snapshot_ = Index(0);
  state_ = state;
  inflights_.Clear();
}

void Progress::BecomeProbe() {
  // A snapshot that was sent is assumed to have arrived: probe from behind it.
  const Index known = std::max(match_, pending_snapshot_);
  ResetState(ProgressState::kProbe);
  next_ = known + 1;
  sent_commit_ = std::min(sent_commit_, next_ - 1);
}

void Progress::BecomeReplicate() {
  ResetState(ProgressState::kReplicate);
  next_ = match_ + 1;
}

void Progress::BecomeSnapshot(Index snapshot) {
  ResetState(ProgressState::kSnapshot);
  pending_snapshot_ = snapshot;
  // One that was asked for may lie below what the follower's log is known to hold.
  next_ = std::max(match_, snapshot) + 1;
  sent_commit_ = snapshot;
}

void Progress::AbortSnapshot() {
  pending_snapshot_ = Index(0);
  BecomeProbe();
}

void Progress::SentEntries(uint64_t entries, uint64_t bytes) {
  CHECK(state_ != ProgressState::kSnapshot);
  if (state_ == ProgressState::kProbe) {
    if (entries > 0) append_paused_ = true;
    return;
  }
  if (entries > 0) {
    next_ += entries;
    inflights_.Add(next_ - 1, bytes);
  }
  // What fills the window, or is sent although it is full, serves as a probe.
  append_paused_ = inflights_.full();
}

bool Progress::MaybeUpdate(Index acked) {
  if (acked <= match_) return false;
  match_ = acked;
  next_ = std::max(next_, acked + 1);
  append_paused_ = false;
  return true;
}

bool Progress::MaybeDecrease(Index rejected, Index hint) {
  if (state_ == ProgressState::kReplicate) {
    if (rejected <= match_) return false;
    next_ = match_ + 1;
  } else {
    // A probe is the only append under way, so another index means an old answer.
    if (next_ - 1 != rejected) return false;
    next_ = std::max(std::min(rejected, hint + 1), match_ + 1);
    append_paused_ = false;
  }
  sent_commit_ = std::min(sent_commit_, next_ - 1);
  return true;
}

void ReconcileProgress(const Membership& membership, Index last_index, InflightLimits limits,
                       ProgressMap* progress) {
  for (auto it = progress->begin(); it != progress->end();) {
    it = membership.Contains(it->first) ? std::next(it) : progress->erase(it);
  }
  for (MemberId member : membership.Members()) {
    auto it = progress->find(member);
    if (it == progress->end()) {
      const Index next = std::max(last_index, Index(1));
      const Inflights inflights(limits.messages_max, limits.bytes_max);
      it = progress->emplace(member, Progress(next, inflights)).first;
      it->second.set_recent_active(true);
    }
    it->second.set_learner(membership.learners.Contains(member));
  }
}

}  // namespace raft
