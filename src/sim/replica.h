#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "raft/memory_log.h"
#include "raft/node.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"
#include "sim/checker.h"
#include "sim/message_network.h"
#include "sim/replica_storage.h"
#include "sim/state_machine.h"

namespace sim {

// The process of one member: a raft node, the loop that drives it, its disk thread and its state
// machine. It drives the node as raft::Output's contract says, with messages overlapping writes
// and writes overlapping each other. Destroying it is the process's death.
class Replica final : public Receiver {
 public:
  // What the processes of a cluster have in common.
  struct Cluster {
    runtime::simulated::Scheduler* scheduler;
    MessageNetwork* network;
    Checker* checker;
  };
  struct Options {
    raft::Config config;  // without log and saved state
    runtime::Duration tick_interval{0};
    runtime::Duration disk_latency_max{0};
    uint64_t snapshot_entries = 0;  // applied entries between snapshots
    uint64_t log_entries_max = 0;   // kept in memory for slow followers
  };
  // `on_death` is told when the disk fails; the replica is dead from then on and waits to be
  // destroyed. Fails if the disk fails at once.
  static base::Result<std::unique_ptr<Replica>> Start(const Cluster& cluster,
                                                      runtime::simulated::Disk* disk,
                                                      Options options,
                                                      base::Callback<void()> on_death);
  ~Replica() override;

  // Requests of clients and operators. Nothing happens in a replica that is dead.
  void Propose(std::vector<base::SharedBytes> payloads);
  void ProposeConfChange(const raft::ConfChangeV2& change);
  void Read();
  void TransferLeadership(base::MemberId target);
  void ForgetLeader();
  void Campaign();

  // A paused process does nothing; what reaches it waits.
  void SetPaused(bool paused);
  void SetTickInterval(runtime::Duration interval) { options_.tick_interval = interval; }

  void Receive(base::Bytes encoded) override;
  void OnSnapshotStatus(base::MemberId peer, bool delivered) override;
  void OnUnreachable(base::MemberId peer) override;

  const raft::Node& node() const { return *node_; }
  uint64_t reads_answered() const { return reads_answered_; }

 private:
  Replica(const Cluster& cluster, runtime::simulated::Disk* disk, Options options,
          base::Callback<void()> on_death);

  base::Status Recover();
  void StartTicking();
  // Runs `input` on the replica's loop, checks the node and arranges for its output to be taken.
  void Input(base::Callback<void()> input);
  void RunInput(base::Callback<void()> input);
  void Tick();
  void TakeOutput();
  void SendAll(const std::vector<raft::Message>& messages);
  void Write(raft::Output output);
  void OnWritten(const raft::Output& output);
  void Apply(std::vector<raft::Entry> entries);
  void ApplyEntries(const std::vector<raft::Entry>& entries);
  void MakeSnapshot();
  void AnswerReads(const std::vector<raft::ReadState>& reads);
  // Runs `work` on the disk thread, after what was asked for before; `done` here if it succeeds.
  // What gathers while the disk is busy is done in one go, as a group commit would.
  void OnDisk(base::Callback<base::Status()> work, base::Callback<void()> done);
  void StartDisk();
  void RunDisk();
  void Die();

  const Cluster cluster_;
  Options options_;
  base::Callback<void()> on_death_;
  runtime::simulated::Disk* const disk_;
  std::unique_ptr<ReplicaStorage> storage_;  // the disk thread's
  std::unique_ptr<raft::MemoryLog> log_;
  std::unique_ptr<raft::Node> node_;
  raft::ConfState conf_state_;
  StateMachine machine_;
  base::Index snapshot_index_;
  bool dead_ = false;
  bool paused_ = false;
  std::deque<base::Callback<void()>> waiting_;
  struct DiskWork {
    base::Callback<base::Status()> work;
    base::Callback<void()> done;
  };
  std::vector<DiskWork> disk_queue_;
  bool disk_busy_ = false;
  // Each open read's floor, by its context.
  std::map<uint64_t, base::Index> reads_;
  // Drawn at the start: an answer to this member's former process must not meet a read of this one.
  uint64_t next_read_;
  uint64_t reads_answered_ = 0;
  // Destroyed first: nothing runs any more.
  std::unique_ptr<runtime::Loop> loop_;
  std::unique_ptr<runtime::Loop> disk_loop_;
  std::unique_ptr<runtime::Timer> ticker_;
};

}  // namespace sim
