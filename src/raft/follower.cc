#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "raft/node.h"
#include "raft/planted.h"

// What a leader's messages do to a member that follows (raft paper §5.3, snapshots §7).

namespace raft {

base::Status Node::FollowerStep(Message message) {
  switch (message.type) {
    case MessageType::kProp:
      return FollowerOnPropose(std::move(message));
    case MessageType::kApp:
    case MessageType::kHeartbeat:
    case MessageType::kSnap:
      timer_.Restart();
      std::get<Follower>(role_).leader = message.from;
      OnLeaderMessage(message);
      break;
    case MessageType::kTransferLeader:
      FollowerOnTransfer(std::move(message));
      break;
    case MessageType::kForgetLeader:
      FollowerForgetLeader();
      break;
    case MessageType::kTimeoutNow:
      Notify(event::TimeoutNowReceived{message.from, term_, false, role()});
      // Never with a pre-vote: the leader itself has asked.
      StartCampaign(CampaignKind::kTransfer);
      break;
    case MessageType::kReadIndex:
      FollowerOnReadIndex(std::move(message));
      break;
    case MessageType::kReadIndexResp:
      FollowerOnReadAnswer(message);
      break;
    default:
      break;
  }
  return {};
}

base::Status Node::CandidateStep(const Message& message) {
  switch (message.type) {
    case MessageType::kProp:
      return DropProposal(event::DroppedProposal::kNoLeader);
    case MessageType::kApp:
    case MessageType::kHeartbeat:
    case MessageType::kSnap:
      // Somebody else has won this term.
      BecomeFollower(message.term, message.from);
      OnLeaderMessage(message);
      break;
    case MessageType::kVoteResp:
    case MessageType::kPreVoteResp:
      CandidateOnVoteResponse(message);
      break;
    case MessageType::kTimeoutNow:
      Notify(event::TimeoutNowReceived{message.from, term_, true, role()});
      break;
    default:
      break;
  }
  return {};
}

void Node::OnLeaderMessage(const Message& message) {
  switch (message.type) {
    case MessageType::kApp:
      return HandleAppend(message);
    case MessageType::kHeartbeat:
      return HandleHeartbeat(message);
    default:
      return HandleSnapshot(message);
  }
}

void Node::FollowerOnTransfer(Message message) {
  if (leader() == kNobody) {
    Notify(event::LeaderTransfer{event::Transfer::kNoLeader, message.from, term_});
    return;
  }
  message.to = leader();
  Send(std::move(message));
}

void Node::FollowerForgetLeader() {
  if (config_.read_only == ReadOnlyOption::kLeaseBased) {
    Notify(event::ForgetLeaderRefused{});
    return;
  }
  MemberId& leader = std::get<Follower>(role_).leader;
  if (leader == kNobody) return;
  Notify(event::LeaderForgotten{leader, term_});
  leader = kNobody;
}

void Node::HandleAppend(const Message& message) {
  Message answer{.type = MessageType::kAppResp, .to = message.from};
  if (message.index < log_.committed() && !Planted(PlantedBug::kSkipPreviousTermCheck)) {
    // An old message; what is committed cannot be argued about.
    base::Mark<"raft: an append is older than what is committed">();
    answer.index = log_.committed();
    return Send(std::move(answer));
  }
  std::span<const Entry> entries = message.entries;
  if (awaits_snapshot_) entries = {};
  const std::optional<Index> last =
      log_.MaybeAppend({message.log_term, message.index}, entries, message.commit);
  if (!last.has_value()) return RejectAppend(message);
  answer.index = *last;
  Send(std::move(answer));
}

void Node::RejectAppend(const Message& message) {
  Notify(event::AppendRejected{message, log_.TermAt(message.index).value_or(Term(0))});
  base::Mark<"raft: an append is rejected">();
  // All of the leader's log up to the refused index has terms <= log_term. Where ours has larger
  // ones the logs differ, so the guess skips those entries; the leader does the same with its log
  // and our term. Hence at most one probe for each term, not one for each entry.
  const Index from = std::min(message.index, log_.LastIndex());
  const EntryId hint = log_.FindConflictByTerm(from, message.log_term);
  Message answer{.type = MessageType::kAppResp, .reject = true, .to = message.from};
  answer.index = message.index;
  answer.reject_hint = hint.index;
  answer.log_term = hint.term;
  Send(std::move(answer));
}

void Node::HandleHeartbeat(const Message& message) {
  if (!CommitAsTold(message.commit)) return;
  Message answer{.type = MessageType::kHeartbeatResp, .to = message.from};
  answer.context = message.context;
  answer.vote_lease_ms = config_.vote_lease_ms;
  answer.wants_snapshot = awaits_snapshot_;
  Send(std::move(answer));
}

bool Node::CommitAsTold(Index index) {
  if (index > log_.LastIndex() && !Planted(PlantedBug::kHeartbeatCommitUnmatched)) {
    failure_ = base::Status(base::Code::kDataLoss, "raft: told to commit up to index " +
                                                       ToString(index) + ", but the log ends at " +
                                                       ToString(log_.LastIndex()) +
                                                       ": was it corrupted, truncated or lost?");
    return false;
  }
  log_.CommitTo(index);
  return true;
}

void Node::HandleSnapshot(const Message& message) {
  static const SnapshotPtr kEmpty = std::make_shared<const Snapshot>();
  const SnapshotPtr& snapshot = message.snapshot != nullptr ? message.snapshot : kEmpty;
  const bool restored = Restore(snapshot);
  Notify(event::SnapshotAnswered{restored, snapshot->id(), log_.committed()});
  Send({.type = MessageType::kAppResp,
        .to = message.from,
        .index = restored ? log_.LastIndex() : log_.committed()});
}

bool Node::Restore(const SnapshotPtr& snapshot) {
  using event::SnapshotOutcome;
  const auto notify = [&](SnapshotOutcome outcome) {
    Notify(event::SnapshotHandled{outcome, *snapshot, log_.committed(), log_.Last()});
    return outcome == SnapshotOutcome::kInstalled;
  };
  const bool newer = snapshot->index > log_.committed();
  if (!newer && !awaits_snapshot_ &&
      !(Planted(PlantedBug::kInstallOlderSnapshot) && snapshot->index > Index(0))) {
    return false;
  }
  const base::Result<Membership> membership = Membership::FromConfState(snapshot->conf_state);
  // A member that is not in its own configuration could not even follow.
  if (!membership.ok() || !membership->Contains(config_.id)) {
    return notify(SnapshotOutcome::kNotMember);
  }
  if (awaits_snapshot_ && RestoreState(*snapshot, *membership)) return false;
  if (!newer && awaits_snapshot_) return false;
  if (newer && log_.Matches(snapshot->id())) {
    // The log holds all of it already, and what comes after.
    base::Mark<"raft: a snapshot brings what the log holds already">();
    notify(SnapshotOutcome::kCommitAdvanced);
    log_.CommitTo(snapshot->index);
    return false;
  }
  log_.Restore(snapshot);
  base::Mark<"raft: a snapshot is installed">();
  EndWaitForSnapshot();
  SwitchTo(*membership);
  return notify(SnapshotOutcome::kInstalled);
}

void Node::AwaitSnapshot() {
  if (role() != Role::kFollower) BecomeFollower(term_, kNobody);
  awaits_snapshot_ = true;
  log_.HoldCommitted(true);
}

void Node::EndWaitForSnapshot() {
  awaits_snapshot_ = false;
  log_.HoldCommitted(false);
}

// Entries behind the snapshot's may have been acknowledged, so they stay. The snapshot must cover
// what was handed out, and, as what is applied must be, be covered by the log on the disk.
bool Node::RestoreState(const Snapshot& snapshot, const Membership& membership) {
  const bool is_durable = snapshot.index < log_.unstable().offset();
  if (snapshot.index < log_.applying() || !is_durable || !log_.Matches(snapshot.id())) return false;
  log_.CommitTo(snapshot.index);
  EndWaitForSnapshot();
  SwitchTo(membership);
  restored_state_ = snapshot.id();
  base::Mark<"raft: a snapshot fills the state below the log">();
  OnApplied(snapshot.index);
  Notify(event::SnapshotHandled{event::SnapshotOutcome::kCommitAdvanced, snapshot, log_.committed(),
                                log_.Last()});
  return true;
}

}  // namespace raft
