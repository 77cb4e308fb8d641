#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "raft/node.h"
#include "raft/node_trace.h"
#include "raft/planted.h"

// What each follower is sent, and what its answers mean (raft paper §5.3, §5.4.2).

namespace raft {
namespace {

uint64_t PayloadBytes(const std::vector<Entry>& entries) {
  uint64_t bytes = 0;
  for (const Entry& entry : entries) bytes += entry.data.size();
  return bytes;
}

}  // namespace

bool Node::LeaderSendAppend(MemberId to, Progress& progress, IfEmpty if_empty) {
  if (progress.IsPaused()) return false;
  const Index previous = progress.next() - 1;
  const std::optional<Term> previous_term = log_.TermAt(previous);
  if (!previous_term.has_value()) return LeaderSendSnapshot(to, progress);

  Message message{.type = MessageType::kApp, .to = to};
  message.log_term = *previous_term;
  message.index = previous;
  message.commit = log_.committed();
  // With a full window an append without entries still goes: if all that fills the window was
  // lost, its answer is what frees it.
  const bool window_full =
      progress.state() == ProgressState::kReplicate && progress.inflights().full();
  if (!window_full && progress.next() <= log_.LastIndex() &&
      !log_.Read(progress.next(), log_.LastIndex() + 1, config_.message_bytes_max,
                 &message.entries)) {
    return LeaderSendSnapshot(to, progress);
  }
  if (message.entries.empty() && if_empty == IfEmpty::kSkip) return false;
  progress.SentEntries(message.entries.size(), PayloadBytes(message.entries));
  progress.SentCommit(message.commit);
  Send(std::move(message));
  return true;
}

bool Node::LeaderSendSnapshot(MemberId to, Progress& progress) {
  if (!progress.recent_active()) {
    Notify(event::SnapshotSkipped{event::SkippedSnapshot::kPeerInactive, to});
    base::Mark<"raft: a snapshot waits for a sign of life">();
    return false;
  }
  SnapshotPtr snapshot = log_.LatestSnapshot();
  if (snapshot == nullptr) {
    Notify(event::SnapshotSkipped{event::SkippedSnapshot::kNoneAtHand, to});
    return false;
  }
  CHECK_GT(snapshot->index, Index(0));
  Notify(event::SnapshotSent{to, snapshot->id(), log_.FirstIndex(), log_.committed(), progress});
  progress.BecomeSnapshot(snapshot->index);
  base::Mark<"raft: a snapshot is sent">();
  Notify(event::ReplicationPaused{to, progress});
  Send({.type = MessageType::kSnap, .to = to, .snapshot = std::move(snapshot)});
  return true;
}

void Node::LeaderBroadcastAppend(Leader& leader) {
  for (auto& [member, progress] : leader.progress) {
    if (member != config_.id) LeaderSendAppend(member, progress, IfEmpty::kSend);
  }
}

bool Node::LeaderMaybeCommit(Leader& leader) {
  const Matches matches(leader.progress);
  Index index = CommittedIndex(membership_.voters, matches);
  if (Planted(PlantedBug::kCountLearnerInQuorum)) {
    index = CommittedIndex(membership_.Members(), matches);
  }
  // Only an entry of the own term is committed by counting; it takes the older ones along.
  const bool has_committed = log_.MaybeCommit({term_, index});
  if (trace_ != nullptr) trace_->LookedForCommit();
  return has_committed;
}

void Node::LeaderOnAppendReply(Leader& leader, const Message& message, Progress& progress) {
  progress.set_recent_active(true);
  if (message.reject) {
    LeaderOnRejection(message, progress);
    return;
  }
  // An acknowledgement of what was known still ends a probe: the follower is there and agrees. It
  // does not end the wait for a snapshot, which asks for more.
  const bool ends_probe =
      progress.match() == message.index && progress.state() == ProgressState::kProbe;
  if (progress.MaybeUpdate(message.index) || ends_probe) {
    LeaderOnAcknowledged(leader, message, progress);
  }
}

void Node::LeaderOnRejection(const Message& message, Progress& progress) {
  Notify(event::AppendRejectionReceived{message});
  Index hint = message.reject_hint;
  if (message.log_term > Term(0)) {
    // The follower has log_term at the hint. Where our terms are larger the logs differ, as terms
    // only grow along a log; skip those.
    hint = log_.FindConflictByTerm(hint, message.log_term).index;
  }
  if (!progress.MaybeDecrease(message.index, hint)) return;
  base::Mark<"raft: a leader steps back to what a follower has">();
  Notify(event::ProgressDecreased{message.from, progress});
  if (progress.state() == ProgressState::kReplicate) progress.BecomeProbe();
  LeaderSendAppend(message.from, progress, IfEmpty::kSend);
}

void Node::LeaderOnAcknowledged(Leader& leader, const Message& message, Progress& progress) {
  switch (progress.state()) {
    case ProgressState::kProbe:
      progress.BecomeReplicate();
      break;
    case ProgressState::kSnapshot:
      // Whatever snapshot it installed, the log continues from there.
      if (progress.match() + 1 < log_.FirstIndex()) break;
      Notify(
          event::ReplicationResumed{event::Resumed::kAppendAcknowledged, message.from, progress});
      progress.BecomeProbe();
      progress.BecomeReplicate();
      break;
    case ProgressState::kReplicate:
      progress.FreeInflightsThrough(message.index);
      break;
  }

  const bool from_peer = message.from != config_.id;
  if (LeaderMaybeCommit(leader)) {
    LeaderReleasePostponedReads(leader);
    LeaderBroadcastAppend(leader);
  } else if (from_peer && progress.CanBumpCommit(log_.committed())) {
    // The next heartbeat would say so too, but later.
    LeaderSendAppend(message.from, progress, IfEmpty::kSend);
  }
  if (!from_peer) return;
  // There may be room in the window for more than one message.
  while (LeaderSendAppend(message.from, progress, IfEmpty::kSkip)) {
  }
  if (message.from == leader.transferee && progress.match() == log_.LastIndex()) {
    Notify(event::LeaderTransfer{event::Transfer::kSentTimeoutNow, message.from, term_});
    Send({.type = MessageType::kTimeoutNow, .to = message.from});
  }
}

void Node::LeaderOnHeartbeatReply(Leader& leader, const Message& message, Progress& progress) {
  progress.set_recent_active(true);
  progress.set_vote_lease_ms(message.vote_lease_ms);
  progress.ResumeAppends();
  if (message.wants_snapshot) {
    base::Mark<"raft: a follower asks for a snapshot">();
    if (progress.state() != ProgressState::kSnapshot) LeaderSendSnapshot(message.from, progress);
    // An append, though perhaps an empty one, finds out whether what was sent has arrived.
  } else if (progress.match() < log_.LastIndex() || progress.state() == ProgressState::kProbe) {
    LeaderSendAppend(message.from, progress, IfEmpty::kSend);
  }
  if (config_.read_only != ReadOnlyOption::kSafe || message.context.empty()) return;
  leader.reads.Acknowledge(message.from, message.context.view());
  for (const auto& read : leader.reads.TakeConfirmed(membership_.voters)) {
    AnswerRead(read.request, read.index);
  }
}

}  // namespace raft
