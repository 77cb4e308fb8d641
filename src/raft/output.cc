#include <algorithm>
#include <utility>

#include "base/check.h"
#include "raft/node.h"
#include "raft/node_trace.h"
#include "raft/planted.h"

// The work that a node hands to its driver, and what the driver reports about it.

namespace raft {

bool Node::HasOutput() const {
  if (!failure_.ok()) return false;
  const HardState hard = hard_state();
  return !messages_.empty() || !messages_after_persist_.empty() || !self_acks_.empty() ||
         !reads_.empty() || restored_state_.has_value() || !log_.unstable().NextEntries().empty() ||
         log_.HasNextCommitted() || log_.unstable().NextSnapshot() != nullptr ||
         soft_state() != handed_soft_state_ || (!hard.empty() && hard != handed_hard_state_);
}

Output Node::TakeOutput() {
  CHECK_LE(log_.applied(), log_.applying());
  CHECK_LE(log_.applying(), log_.committed());
  CHECK_LE(log_.committed(), log_.LastIndex());
  Output output;
  if (const SoftState soft = soft_state(); soft != handed_soft_state_) {
    output.soft_state = handed_soft_state_ = soft;
  }
  output.messages = std::exchange(messages_, {});
  output.reads = std::exchange(reads_, {});
  TakeWrite(&output);
  output.state = std::exchange(restored_state_, std::nullopt);
  output.committed = log_.TakeNextCommitted();
  if (trace_ != nullptr) trace_->TookOutput(output.NeedsWrite() || !output.messages.empty());
  return output;
}

void Node::TakeWrite(Output* output) {
  const std::span<const Entry> entries = log_.unstable().NextEntries();
  output->entries.assign(entries.begin(), entries.end());
  output->snapshot = log_.unstable().NextSnapshot();
  output->messages_after_persist = std::exchange(messages_after_persist_, {});
  output->persisted.self_acks = std::exchange(self_acks_, {});
  output->must_sync = !entries.empty() || output->snapshot != nullptr;
  if (const HardState hard = hard_state(); hard != handed_hard_state_) {
    output->must_sync = output->must_sync || hard.term != handed_hard_state_.term ||
                        hard.vote != handed_hard_state_.vote;
    output->hard_state = handed_hard_state_ = hard;
    if (Planted(PlantedBug::kForgetVoteAtRestart)) output->hard_state->vote = kNobody;
  }
  if (output->NeedsWrite()) {
    PersistMark& mark = output->persisted;
    mark.term = term_;
    // Not only for new entries: an earlier confirmation may have been ignored because the term
    // had changed; since a new term is always saved, this one will confirm those entries.
    if (!log_.unstable().entries().empty()) mark.last = log_.Last();
    if (output->snapshot != nullptr) mark.snapshot = output->snapshot->index;
  }
  log_.InProgress();
}

void Node::OnPersisted(const PersistMark& mark) {
  for (const Message& ack : mark.self_acks) {
    if (AcceptTerm(ack)) Dispatch(ack).IgnoreError();
  }
  if (mark.last != EntryId()) {
    if (mark.term == term_) {
      log_.StableTo(mark.last);
    } else {
      // Another leader's entries may have replaced them, and even the same ones come back, while
      // the write of the others is still under way (the ABA problem).
      Notify(event::LatePersistIgnored{mark.term, term_});
    }
  }
  // A snapshot is committed in any term.
  if (mark.snapshot != Index(0)) {
    log_.SnapshotStable(mark.snapshot);
    OnApplied(mark.snapshot);
  }
}

void Node::OnApplied(Index index) {
  const Index applied = std::max(index, log_.applied());
  const uint64_t payload_bytes = log_.AppliedTo(applied);
  if (trace_ != nullptr) trace_->Applied(HasOutput());
  Leader* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr) return;
  leader->uncommitted_bytes -= std::min(leader->uncommitted_bytes, payload_bytes);
  if (!membership_.auto_leave || applied < leader->pending_conf_index) return;
  // A leadership transfer may stand in the way: then this or another leader tries again at its
  // next applied entry.
  const Membership joint = membership_;
  const base::Status proposed = ProposeEntries({Entry{.type = EntryType::kConfChangeV2}});
  Notify(event::AutoLeave{joint, proposed.ok()});
}

}  // namespace raft
