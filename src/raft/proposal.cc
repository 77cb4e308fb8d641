#include <utility>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "raft/codec.h"
#include "raft/confchange.h"
#include "raft/node.h"
#include "raft/node_trace.h"

// What enters the log, and what does not.

namespace raft {

base::Status Node::Propose(std::span<const base::SharedBytes> payloads) {
  std::vector<Entry> entries(payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) entries[i].data = payloads[i];
  return ProposeEntries(std::move(entries));
}

base::Status Node::ProposeConfChange(const ConfChange& change) {
  base::Bytes data;
  Encode(change, &data);
  return ProposeEntries({Entry{.type = EntryType::kConfChange, .data = base::SharedBytes(data)}});
}

base::Status Node::ProposeConfChange(const ConfChangeV2& change) {
  base::Bytes data;
  Encode(change, &data);
  return ProposeEntries({Entry{.type = EntryType::kConfChangeV2, .data = base::SharedBytes(data)}});
}

bool Node::TakesProposals() const {
  if (const Leader* const leader = AsLeader()) {
    return leader->transferee == kNobody && leader->progress.contains(config_.id);
  }
  return leader() != kNobody;
}

bool Node::TakesConfChanges() const {
  const Leader* const leader = AsLeader();
  return TakesProposals() && (leader == nullptr || leader->pending_conf_index <= log_.applied());
}

base::Status Node::ProposeEntries(std::vector<Entry> entries) {
  Message message{.type = MessageType::kProp, .from = config_.id};
  message.entries = std::move(entries);
  return Dispatch(std::move(message));
}

base::Status Node::DropProposal(event::DroppedProposal reason, MemberId peer) const {
  Notify(event::ProposalDropped{reason, term_, peer});
  return kProposalDropped;
}

base::Status Node::FollowerOnPropose(Message message) {
  using event::DroppedProposal;
  if (leader() == kNobody) return DropProposal(DroppedProposal::kNoLeader);
  if (config_.disable_proposal_forwarding) {
    return DropProposal(DroppedProposal::kForwardingDisabled, leader());
  }
  message.to = leader();
  Send(std::move(message));
  return {};
}

base::Status Node::LeaderOnPropose(Leader& leader, std::vector<Entry> entries) {
  using event::DroppedProposal;
  if (entries.empty()) return DropProposal(DroppedProposal::kEmpty);
  // A leader that was removed only waits for the change to be known.
  if (!leader.progress.contains(config_.id)) return DropProposal(DroppedProposal::kNotMember);
  if (leader.transferee != kNobody) {
    base::Mark<"raft: a proposal comes while leadership is handed over">();
    return DropProposal(DroppedProposal::kLeaderTransfer, leader.transferee);
  }
  const Index pending_before = leader.pending_conf_index;
  Index index = log_.LastIndex();
  for (Entry& entry : entries) {
    ++index;
    if (entry.type != EntryType::kNormal) LeaderAdmitConfChange(leader, entry, index);
  }
  if (!LeaderAppend(leader, std::move(entries))) {
    leader.pending_conf_index = pending_before;
    base::Mark<"raft: more is proposed than may be uncommitted">();
    return DropProposal(DroppedProposal::kUncommittedLimit);
  }
  LeaderBroadcastAppend(leader);
  return {};
}

void Node::LeaderAdmitConfChange(Leader& leader, Entry& entry, Index index) {
  using event::RefusedConfChange;
  const base::Result<ConfChangeV2> change = ConfChangeOf(entry);
  const auto refuse = [&](RefusedConfChange reason, const ConfChangeV2& refused) {
    Notify(event::ConfChangeRefused{reason, refused, membership_, leader.pending_conf_index,
                                    log_.applied()});
    entry = Entry();
  };
  if (!change.ok()) return refuse(RefusedConfChange::kImpossible, {});

  // No change is pending, so the active configuration is the one that this change will meet.
  const bool joint = membership_.voters.IsJoint();
  const bool leaves = change->changes.empty();
  if (!config_.disable_conf_change_validation) {
    if (leader.pending_conf_index > log_.applied()) {
      base::Mark<"raft: a change of the members comes before the last is applied">();
      return refuse(RefusedConfChange::kUnapplied, *change);
    }
    if (joint && !leaves) return refuse(RefusedConfChange::kMustLeaveJoint, *change);
    if (!joint && leaves) return refuse(RefusedConfChange::kNotJoint, *change);
    // Compat: etcd/raft appends such a change, and panics when it is applied.
    if (!Change(membership_, *change).ok()) return refuse(RefusedConfChange::kImpossible, *change);
  }
  leader.pending_conf_index = index;
}

bool Node::LeaderAppend(Leader& leader, std::vector<Entry> entries) {
  uint64_t payload_bytes = 0;
  for (const Entry& entry : entries) payload_bytes += entry.data.size();
  // The first proposal may have any size, or it could never be made; empty entries are never
  // refused, since a new leader and the way out of a joint configuration need them.
  const uint64_t before = leader.uncommitted_bytes;
  if (before > 0 && payload_bytes > 0 && before + payload_bytes > config_.uncommitted_bytes_max) {
    return false;
  }
  leader.uncommitted_bytes += payload_bytes;

  Index index = log_.LastIndex();
  for (Entry& entry : entries) {
    entry.term = term_;
    entry.index = ++index;
  }
  if (trace_ != nullptr) trace_->Appending(entries);
  log_.Append(entries);
  // The leader's own acknowledgement: like a follower's, it counts when the disk has the entries.
  AckToSelf({.type = MessageType::kAppResp, .index = index});
  return true;
}

}  // namespace raft
