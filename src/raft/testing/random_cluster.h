#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "raft/invariants.h"
#include "raft/memory_log.h"
#include "raft/node.h"
#include "raft/testing/random_values.h"

namespace raft::testing {

// Nodes on disks that take their time and a network that drops, repeats and re-orders, driven by
// random steps: ticks, proposals, changes of the configuration, reads, transfers, partitions,
// compactions and crashes that lose each write not yet confirmed. All invariants are checked after
// each step.
class RandomCluster {
 public:
  explicit RandomCluster(uint64_t seed);

  // Runs `steps` random steps; fails with the first broken invariant.
  base::Status Run(int steps);
  // Ends the faults and runs until a proposal is applied by each voter; fails if that takes too
  // long.
  base::Status Heal();

  uint64_t committed_entries() const { return invariants_.committed_entries(); }
  uint64_t elections() const { return invariants_.elections(); }
  uint64_t confirmed_reads() const { return confirmed_reads_; }
  uint64_t crashes() const { return crashes_; }
  uint64_t snapshots() const { return snapshots_; }

 private:
  struct Member {
    MemoryLog log{MemoryLog::Bounds()};
    HardState saved{};
    // What was handed to the disk and is not confirmed.
    std::deque<Output> writes;
    std::unique_ptr<Node> node;
    // The configuration at `applied`.
    ConfState conf_state{};
    Index applied{};
    NodeSummary summary{};
  };
  struct Read {
    MemberId node;
    // What was committed anywhere when it was asked for.
    Index floor;
  };

  base::Status RandomStep();
  base::Status Input(MemberId id);
  void StartNode(MemberId id);
  base::Status Crash(MemberId id);
  base::Status TakeOutput(MemberId id);
  void FinishWrite(MemberId id);
  base::Status Apply(MemberId id, const std::vector<Entry>& entries);
  base::Status CheckReads(MemberId id, const std::vector<ReadState>& reads);
  void AskForRead(MemberId id);
  void ProposeChange(MemberId id);
  void Compact(MemberId id);
  void DeliverOne();
  void Partition();
  // As a transport does that notices that it failed.
  void ReportLostSnapshots();
  // Takes the step's consequences in: invariants.
  base::Status Check(MemberId id);

  MemberId AnyMember() { return MemberId(1 + Below(generator_, members_.size())); }
  bool Chance(uint64_t percent) { return Below(generator_, 100) < percent; }
  Member& At(MemberId id) { return members_[id.value() - 1]; }

  Generator generator_;
  bool pre_vote_;
  bool check_quorum_;
  std::vector<Member> members_;
  std::vector<Message> network_;
  // Members on different sides do not hear each other.
  std::vector<int> side_;
  bool faults_ = true;
  std::map<uint64_t, Read> reads_;
  uint64_t next_payload_ = 0;
  uint64_t confirmed_reads_ = 0;
  uint64_t crashes_ = 0;
  uint64_t snapshots_ = 0;
  ClusterInvariants invariants_;
};

}  // namespace raft::testing
