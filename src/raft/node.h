#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "raft/config.h"
#include "raft/election_timer.h"
#include "raft/log.h"
#include "raft/membership.h"
#include "raft/observer.h"
#include "raft/output.h"
#include "raft/role.h"
#include "raft/types.h"

namespace raft {

class NodeTrace;

// One member's part in the consensus: a pure state machine. Its inputs are messages, ticks and
// requests; its output is a value (see Output for what the driver does with it, and in which
// order). It does no I/O, has no clock and no threads, and belongs to the loop that made it.
//
// Only inputs' Status results and Output speak to the driver; what else happens can be watched
// through Config::observer. A broken invariant ends the process.
class Node {
 public:
  // `config` is valid; its log and states are those of a node that was stopped, or crashed, at any
  // time, or empty.
  explicit Node(Config config);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  // --- Inputs.

  // A message from another member. Fails, without effect, for a message that may not come from
  // the network (kLocalMessage), for an answer from a stranger (kPeerNotFound), and for a
  // forwarded proposal that is not taken (kProposalDropped).
  base::Status Step(Message message);
  // A unit of the time in which Config counts.
  void Tick();
  // Starts an election now, if that is possible at all.
  void Campaign();
  // Appends the payloads, in this order and together, here or at the leader. kProposalDropped: they
  // were not and will not be appended. OK promises nothing: a forwarded proposal may get lost, an
  // appended one be replaced by another leader's.
  base::Status Propose(std::span<const base::SharedBytes> payloads);
  base::Status Propose(base::SharedBytes payload) { return Propose({&payload, 1}); }
  // Likewise. A change that the active configuration does not allow is appended as an empty entry.
  base::Status ProposeConfChange(const ConfChange& change);
  base::Status ProposeConfChange(const ConfChangeV2& change);
  // Whether proposals are taken now, here or at the leader as far as it is known: not without a
  // leader, and not by one that hands its part over or was removed.
  bool TakesProposals() const;
  // Whether changes are, too: not by a leader that may have an earlier one to apply, which would
  // append an empty entry.
  bool TakesConfChanges() const;
  // The application applies a committed change; before OnApplied for its entry. Returns the
  // configuration from there on. Fails, and nothing has changed, if the change is impossible here:
  // then this member must not go on.
  base::Result<ConfState> ApplyConfChange(const ConfChangeV2& change);
  // Asks for an index at which reads are linearizable; Output::reads carries it with `context`. May
  // get lost without a word (no leader, lost message, new leader): the caller asks again.
  void ReadIndex(base::SharedBytes context);
  void TransferLeadership(MemberId target);
  // The state machine has lost its state. Until a snapshot has brought another one, nothing more is
  // handed out as committed; this node does not lead, and steps down if it does; it asks each
  // leader for a snapshot, in its answers to heartbeats, and adds nothing to its log, so that a
  // leader which does not understand that sends one once it has no entries that follow. It keeps
  // what it has promised: votes and acknowledgements are by its log as it is. A snapshot that the
  // log reaches leaves the log alone (Output::state); another one replaces it, as ever.
  void AwaitSnapshot();
  bool awaits_snapshot() const { return awaits_snapshot_; }
  // A follower that knows its leader is gone may vote at once and take part in elections.
  void ForgetLeader();
  // The last message to `peer` was not delivered; a snapshot was, or not.
  void ReportUnreachable(MemberId peer);
  void ReportSnapshot(MemberId peer, bool delivered);

  // --- Outputs, and what became of them.

  // OK as long as this node may go on. After a failure (the cluster has committed what this log
  // has lost) there is no output, and no message is taken.
  const base::Status& failure() const { return failure_; }
  bool HasOutput() const;
  Output TakeOutput();
  // The write of the output that carried `mark` is durable, and so are all before it.
  void OnPersisted(const PersistMark& mark);
  // Entries up to `index` were applied; they came with an output and are newer than before.
  void OnApplied(Index index);

  // --- State.

  MemberId id() const { return config_.id; }
  Term term() const { return term_; }
  MemberId vote() const { return vote_; }
  HardState hard_state() const { return {term_, vote_, log_.committed()}; }
  SoftState soft_state() const { return {leader(), role()}; }
  Role role() const { return static_cast<Role>(role_.index()); }
  // kNobody if unknown.
  MemberId leader() const;
  const Membership& membership() const { return membership_; }
  const Log& log() const { return log_; }
  // The leader's view of itself, its followers and clients; null on others.
  const Leader* AsLeader() const { return std::get_if<Leader>(&role_); }
  // For how many milliseconds from a heartbeat on nobody who has answered one votes for another, so
  // that a round of reads that is confirmed says that nobody else is elected for so long from its
  // beginning: as long as this node leads, and tells nobody to campaign. 0 if it does not lead, or
  // somebody has not promised that. The only voter is elected by itself alone.
  uint32_t vote_lease_ms() const;
  // Sets how many ticks the present wait for a leader lasts, in place of the number that was drawn.
  // The next wait is drawn again.
  void set_election_timeout(uint32_t ticks) { timer_.set_timeout(ticks); }

 private:
  enum class CampaignKind : uint8_t { kPreElection, kElection, kTransfer };

  // step.cc: who may speak, and in which term.
  bool AcceptTerm(const Message& message);
  void OnHigherTerm(const Message& message);
  void OnLowerTerm(const Message& message);
  base::Status Dispatch(Message message);
  // Completes `message` and queues it, to go at once or after the write.
  void Send(Message message);
  // Queues what this node tells itself after the write.
  void AckToSelf(Message message);
  void Notify(const Event& event) const {
    if (config_.observer != nullptr) config_.observer->Observe(event);
  }

  // election.cc: when to campaign, whom to vote for, what a role begins with.
  void TickElection();
  void StartCampaign(CampaignKind kind);
  void RunCampaign(CampaignKind kind);
  bool IsPromotable() const;
  void OnVoteRequest(const Message& message);
  bool IgnoresCandidate(const Message& message) const;
  void CandidateOnVoteResponse(const Message& message);
  void ResetForTerm(Term term);
  void BecomeFollower(Term term, MemberId leader);
  void BecomePreCandidate();
  void BecomeCandidate();
  void BecomeLeader();

  // follower.cc: what a leader's messages do to the log.
  base::Status FollowerStep(Message message);
  void FollowerOnTransfer(Message message);
  void FollowerForgetLeader();
  base::Status CandidateStep(const Message& message);
  void OnLeaderMessage(const Message& message);
  void HandleAppend(const Message& message);
  void RejectAppend(const Message& message);
  void HandleHeartbeat(const Message& message);
  // Commits up to an index that a leader or the disk knows. False, with failure() set, if the log
  // ends before it.
  bool CommitAsTold(Index index);
  void HandleSnapshot(const Message& message);
  bool Restore(const SnapshotPtr& snapshot);
  bool RestoreState(const Snapshot& snapshot, const Membership& membership);
  void EndWaitForSnapshot();

  // proposal.cc: what enters the log.
  base::Status ProposeEntries(std::vector<Entry> entries);
  base::Status LeaderOnPropose(Leader& leader, std::vector<Entry> entries);
  base::Status FollowerOnPropose(Message message);
  void LeaderAdmitConfChange(Leader& leader, Entry& entry, Index index);
  bool LeaderAppend(Leader& leader, std::vector<Entry> entries);
  base::Status DropProposal(event::DroppedProposal reason, MemberId peer = kNobody) const;

  // leader.cc: time, and messages that are not about the log.
  base::Status LeaderStep(Leader& leader, Message message);
  void TickLeader();
  void LeaderCheckQuorum(Leader& leader);
  void LeaderBroadcastHeartbeat(Leader& leader);
  void LeaderSendHeartbeat(MemberId to, Progress& progress, const base::SharedBytes& context);
  void LeaderOnTransfer(Leader& leader, MemberId target, Progress& progress);
  void LeaderOnUnreachable(MemberId peer, Progress& progress);
  void LeaderOnSnapshotStatus(MemberId peer, Progress& progress, bool delivered);

  // replication.cc: what each follower is sent, and what its answers mean.
  enum class IfEmpty : uint8_t { kSend, kSkip };
  bool LeaderSendAppend(MemberId to, Progress& progress, IfEmpty if_empty);
  bool LeaderSendSnapshot(MemberId to, Progress& progress);
  void LeaderBroadcastAppend(Leader& leader);
  bool LeaderMaybeCommit(Leader& leader);
  void LeaderOnAppendReply(Leader& leader, const Message& message, Progress& progress);
  void LeaderOnRejection(const Message& message, Progress& progress);
  void LeaderOnAcknowledged(Leader& leader, const Message& message, Progress& progress);
  void LeaderOnHeartbeatReply(Leader& leader, const Message& message, Progress& progress);

  // reads.cc: linearizable reads.
  void LeaderOnReadIndex(Leader& leader, const Message& message);
  void LeaderConfirmRead(Leader& leader, ReadRequest request);
  void LeaderReleasePostponedReads(Leader& leader);
  void AnswerRead(const ReadRequest& request, Index index);
  bool CommittedInTerm() const;
  void FollowerOnReadIndex(Message message);
  void FollowerOnReadAnswer(const Message& message);

  // reconfigure.cc: what a new configuration changes here.
  void SwitchTo(Membership membership);
  void LeaderSwitched(Leader& leader);

  // output.cc
  void TakeWrite(Output* output);

  Config config_;
  Term term_;
  MemberId vote_;
  RoleState role_;
  base::Status failure_;
  ElectionTimer timer_;
  uint32_t quiet_ticks_ = 0;  // for which it votes for nobody, led or not
  bool awaits_snapshot_ = false;
  std::optional<EntryId> restored_state_;  // not handed out yet
  Membership membership_;
  Log log_;

  // Collected for the next output.
  std::vector<Message> messages_;
  std::vector<Message> messages_after_persist_;
  std::vector<Message> self_acks_;
  std::vector<ReadState> reads_;
  // As they were last handed out.
  HardState handed_hard_state_;
  SoftState handed_soft_state_;
  // Null if nobody is told.
  std::unique_ptr<NodeTrace> trace_;
};

}  // namespace raft
