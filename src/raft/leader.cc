#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "raft/node.h"
#include "raft/planted.h"

// How a leader keeps its role and hands it on: heartbeats, the check of its quorum, transfer.

namespace raft {

uint32_t Node::vote_lease_ms() const {
  const Leader* const leader = AsLeader();
  if (leader == nullptr) return 0;
  if (membership_.IsSingleton()) return std::numeric_limits<uint32_t>::max();
  std::optional<uint32_t> least;
  for (const MemberId voter : membership_.voters.Members()) {
    const auto found = leader->progress.find(voter);
    const auto said =
        found == leader->progress.end() ? std::nullopt : found->second.vote_lease_ms();
    if (said.has_value()) least = std::min(least.value_or(*said), *said);
  }
  return least.value_or(0);
}

base::Status Node::LeaderStep(Leader& leader, Message message) {
  if (message.type == MessageType::kProp) {
    return LeaderOnPropose(leader, std::move(message.entries));
  }
  if (message.type == MessageType::kReadIndex) {
    LeaderOnReadIndex(leader, message);
    return {};
  }
  if (message.type == MessageType::kForgetLeader) return {};

  const auto peer = leader.progress.find(message.from);
  if (peer == leader.progress.end()) {
    Notify(event::PeerUnknown{message.from});
    return {};
  }
  Progress& progress = peer->second;
  switch (message.type) {
    case MessageType::kAppResp:
      LeaderOnAppendReply(leader, message, progress);
      break;
    case MessageType::kHeartbeatResp:
      LeaderOnHeartbeatReply(leader, message, progress);
      break;
    case MessageType::kSnapStatus:
      LeaderOnSnapshotStatus(message.from, progress, !message.reject);
      break;
    case MessageType::kUnreachable:
      LeaderOnUnreachable(message.from, progress);
      break;
    case MessageType::kTransferLeader:
      LeaderOnTransfer(leader, message.from, progress);
      break;
    default:
      break;
  }
  return {};
}

void Node::TickLeader() {
  Leader* leader = &std::get<Leader>(role_);
  ++leader->heartbeat_elapsed;
  timer_.Tick();
  if (!timer_.WithinLease()) {
    timer_.Restart();
    if (config_.check_quorum) LeaderCheckQuorum(*leader);
    leader = std::get_if<Leader>(&role_);
    if (leader == nullptr) return;
    // A transfer that takes longer than an election has failed: lead on.
    if (leader->transferee != kNobody)
      base::Mark<"raft: a transfer of leadership takes too long">();
    leader->transferee = kNobody;
  }
  if (leader->heartbeat_elapsed >= config_.heartbeat_ticks) {
    leader->heartbeat_elapsed = 0;
    LeaderBroadcastHeartbeat(*leader);
  }
}

void Node::LeaderCheckQuorum(Leader& leader) {
  Votes active;
  for (auto& [member, progress] : leader.progress) {
    if (!progress.learner()) active.emplace(member, progress.recent_active());
    if (member != config_.id) progress.set_recent_active(false);
  }
  if (ResultOf(membership_.voters, active) == VoteResult::kWon) return;
  Notify(event::QuorumLost{});
  base::Mark<"raft: a leader steps down without a quorum">();
  BecomeFollower(term_, kNobody);
}

void Node::LeaderBroadcastHeartbeat(Leader& leader) {
  const base::SharedBytes context = leader.reads.HeartbeatContext();
  for (auto& [member, progress] : leader.progress) {
    if (member != config_.id) LeaderSendHeartbeat(member, progress, context);
  }
}

void Node::LeaderSendHeartbeat(MemberId to, Progress& progress, const base::SharedBytes& context) {
  // Beyond match the follower's log may differ, and it must not commit that.
  Index commit = std::min(progress.match(), log_.committed());
  if (Planted(PlantedBug::kHeartbeatCommitUnmatched)) commit = log_.committed();
  Send({.type = MessageType::kHeartbeat, .to = to, .commit = commit, .context = context});
  progress.SentCommit(commit);
}

void Node::LeaderOnTransfer(Leader& leader, MemberId target, Progress& progress) {
  using event::Transfer;
  const auto notify = [&](Transfer step, MemberId whom) {
    Notify(event::LeaderTransfer{step, whom, term_});
  };
  if (progress.learner()) return notify(Transfer::kTargetIsLearner, target);
  if (leader.transferee != kNobody) {
    if (leader.transferee == target) return notify(Transfer::kSameTargetInProgress, target);
    notify(Transfer::kPreviousAborted, std::exchange(leader.transferee, kNobody));
    base::Mark<"raft: a transfer of leadership gives way to another">();
  }
  if (target == config_.id) return notify(Transfer::kTargetIsSelf, target);
  notify(Transfer::kStarted, target);
  // It has one election timeout to succeed.
  timer_.Restart();
  leader.transferee = target;
  if (progress.match() == log_.LastIndex()) {
    Send({.type = MessageType::kTimeoutNow, .to = target});
    notify(Transfer::kSentTimeoutNowAtOnce, target);
  } else {
    LeaderSendAppend(target, progress, IfEmpty::kSend);
  }
}

void Node::LeaderOnUnreachable(MemberId peer, Progress& progress) {
  // What was sent ahead is probably lost.
  if (progress.state() == ProgressState::kReplicate) progress.BecomeProbe();
  Notify(event::PeerUnreachable{peer, progress});
}

void Node::LeaderOnSnapshotStatus(MemberId peer, Progress& progress, bool delivered) {
  if (progress.state() != ProgressState::kSnapshot) return;
  if (delivered) {
    progress.BecomeProbe();
    Notify(event::ReplicationResumed{event::Resumed::kSnapshotDelivered, peer, progress});
  } else {
    progress.AbortSnapshot();
    base::Mark<"raft: a snapshot has not arrived">();
    Notify(event::ReplicationResumed{event::Resumed::kSnapshotFailed, peer, progress});
  }
  // The next append waits: for the acknowledgement of the snapshot, or for a heartbeat's.
  progress.PauseAppends();
}

}  // namespace raft
