#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/callback.h"
#include "base/shared_bytes.h"
#include "raft/memory_log.h"
#include "raft/node.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "server/completion.h"
#include "server/data_directory.h"
#include "server/disk_room.h"
#include "server/failure.h"
#include "server/late_heartbeats.h"
#include "server/log_hold.h"
#include "server/log_metadata.h"
#include "server/log_stall.h"
#include "server/log_writer.h"
#include "server/progress.h"
#include "server/proposal.h"
#include "server/snapshot_wait.h"
#include "server/transport.h"
#include "server/witness.h"

namespace server {

// Drives the raft node, as raft::Output's contract says: the raft loop's work. It never waits for
// the state: ticks and votes go out whatever the store is doing. What arrives within one turn
// becomes one step of raft, one write to the log and one sync.
class Replica {
 public:
  // Both run on the raft loop.
  struct Hooks {
    // Entries to apply, in order.
    base::Callback<void(std::vector<raft::Entry> entries)> on_committed;
    // The database of a received snapshot of entry `at` is to be taken; what is committed next
    // follows it. The log has been replaced by it, or has that entry itself.
    base::Callback<void(raft::EntryId at)> on_snapshot;
    // `message` is to carry a snapshot, of the entry that it names or of a later one. The answer is
    // SendSnapshot.
    base::Callback<void(raft::Message message)> on_snapshot_wanted;
    // Proposals of that origin that will not be entries, and why.
    base::Callback<void(size_t origin, std::vector<Completion> refused)> on_refused;
    // Another member leads, or nobody (an id of 0). Progress says so already.
    base::Callback<void(base::MemberId leader)> on_leader;
  };
  // Takes the log and its entries out of `recovered`; writes to `progress`. All that is pointed to
  // outlives the replica.
  Replica(const Options& options, const Environment& environment, Recovered* recovered,
          Progress* progress, DiskRoom* room, Failure* failure, Hooks hooks);

  // On the raft loop; before this nothing happens.
  void Start();

  // These from any thread.

  // Without a leader, and while leadership is handed over, they are held, until their deadlines;
  // a change of the configuration also as long as the leader has an earlier one to apply. One that
  // is not refused may still get lost without a word. What may wait is bounded by those who
  // propose: see Frontend.
  void Propose(ProposalBatch batch);
  // An index at which a read is linearizable, told on the raft loop; maybe never, when the leader
  // changes. False if too many wait.
  using OnReadIndex = base::Callback<void(base::Index index)>;
  [[nodiscard]] bool ReadIndex(OnReadIndex on_read_index);
  // The state is applied up to `index`; `changes` of the configuration were among it, in order.
  void ReportApplied(base::Index index, std::vector<raft::ConfChangeV2> changes);

  // What this member knows, as the leader, of a member's log: up to where it agrees with its own,
  // which it has written up to `own`. Told on the raft loop; nothing if it does not lead.
  struct Replication {
    base::Index own;
    std::optional<base::Index> member;  // nothing if it does not replicate to it
  };
  using OnReplication = base::Callback<void(std::optional<Replication> replication)>;
  void AskReplication(base::MemberId member, OnReplication on_replication);

  // Has the leader hand its part over to `target`, if that can be.
  void TransferLeadership(base::MemberId target);
  // Several changes of the configuration as one, through a joint one. Nobody is told what came of
  // it.
  void ProposeJointChange(raft::ConfChangeV2 change);

  // The state is damaged, and another one is needed: see raft::Node. Progress says how far that is.
  void AwaitSnapshot();

  // A message from another member. False, with the message lost, if kInboxBytes wait already. One
  // with proposals is held as own ones are, for an election timeout, in half of that at most.
  [[nodiscard]] bool Step(raft::Message message);
  // A snapshot, on its way to its receiver.
  void SendSnapshot(SnapshotToSend snapshot);
  // The last message to `peer` was not delivered; a snapshot was, or not.
  void ReportUnreachable(base::MemberId peer);
  void ReportSnapshot(base::MemberId peer, bool delivered);

  LogWriter& log_writer() { return writer_; }

  static constexpr uint64_t kInboxBytes = 256 << 20;

 private:
  struct Report {
    base::Index index;
    std::vector<raft::ConfChangeV2> changes;
  };
  struct Held {
    size_t origin;
    Proposal proposal;
  };
  struct HeldMessage {
    raft::Message message;
    runtime::TimePoint until;
  };

  void Tick();
  void CampaignIfAlone();
  void OnProposals(std::vector<ProposalBatch>& batches);
  void ProposeHeld();
  // False for one that the node would drop now but may take later.
  bool IsTakenNow(const raft::Message& message) const;
  void StepHeldMessages();
  void ProposeRun(size_t first, size_t count);
  void Refuse(size_t first, size_t count, const base::Status& status);
  void RefuseDeposed();
  void DropExpired();
  void OnMessages(std::vector<raft::Message>& messages);
  void OnReads(std::vector<OnReadIndex>& reads);
  void OnApplied(std::vector<Report>& reports);
  void OnWritten(std::vector<raft::Output>& outputs);
  // Arranges for the node's output to be taken when the turn ends.
  void TouchNode();
  void TakeOutputs();
  // The node has met what shows that it has forgotten what it had acknowledged.
  void EndAsForgetful();
  void Send(std::vector<raft::Message> messages);
  void TrimLog(base::Index applied);
  // Entries up to this one nobody holds; at most `applied`.
  base::Index LimitOfHold(base::Index applied);
  // Tells the witness, if there is one.
  void Witnessed() const;
  void AnswerReads(const std::vector<raft::ReadState>& reads);
  void Publish();
  void LogLeader(uint64_t leader) const;

  const Options options_;
  const Environment environment_;
  Progress* const progress_;
  Failure& failure_;
  const LogMetadata self_;
  Hooks hooks_;

  raft::MemoryLog log_;
  LogHold hold_;
  LogStall stall_;
  LateHeartbeats heartbeats_;
  SnapshotWait snapshot_wait_;
  std::unique_ptr<raft::Node> node_;
  LogWriter writer_;
  std::unique_ptr<runtime::Timer> ticker_;
  bool touched_ = false;

  std::vector<Held> held_;                  // proposals that wait for a leader
  std::vector<HeldMessage> held_messages_;  // likewise, of others; counted in inbox_bytes_
  // By the number that the node was given as their context. One whose answer got lost is dropped
  // when a newer one is answered.
  std::map<uint64_t, OnReadIndex> reads_;
  uint64_t next_read_;

  std::atomic<uint64_t> inbox_bytes_ = 0;
  runtime::Mailbox<raft::Message> messages_;
  runtime::Mailbox<ProposalBatch> proposals_;
  runtime::Mailbox<OnReadIndex> read_requests_;
  runtime::Mailbox<Report> applied_;
};

}  // namespace server
