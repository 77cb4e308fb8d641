#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sim/checker.h"
#include "sim/message_network.h"
#include "sim/plan.h"
#include "sim/replica.h"

namespace sim {

// Five members, their disks and the network between them.
class Cluster {
 public:
  static constexpr uint64_t kMembers = 5;

  Cluster(runtime::simulated::Scheduler* scheduler, const Plan& plan);
  ~Cluster();

  // Null while the member is down.
  Replica* replica(base::MemberId id) const;
  Replica* RandomReplica() const;
  // A leader of the highest term, if any.
  Replica* Leader() const;
  // How far the leader knows a majority to have what its predecessors left in its log, without
  // which it commits nothing; nothing if the majority has it all, or without a leader.
  std::optional<base::Index> CatchingUp() const;
  std::vector<base::MemberId> members() const;

  // Ends a member's process; what it wrote reaches the disk, synced or not. It comes back later.
  void Kill(base::MemberId id);
  // Its power fails in the middle of the `operations`-th change of its disk from now.
  void FailPowerAfter(base::MemberId id, uint64_t operations);
  // The `operations`-th sync from now fails, which a member must not survive.
  void FailSyncAfter(base::MemberId id, uint64_t operations);
  // Starts every member that is down, and keeps disks whole from here on.
  void ReviveAll();
  // Compares every pair of living members' logs.
  void CompareLogs();

  MessageNetwork& network() { return network_; }
  Checker& checker() { return checker_; }
  uint64_t crashes() const { return crashes_; }
  uint64_t reads_answered() const;
  // Whether all living members work with the same configuration.
  bool AgreesOnConfiguration() const;

 private:
  struct Member;

  void Start(Member& member);
  void OnDeath(Member& member);
  void Bury(Member& member);
  runtime::Duration DrawDowntime();

  runtime::simulated::Scheduler* const scheduler_;
  const Plan plan_;
  Checker checker_;
  MessageNetwork network_;
  std::map<base::MemberId, std::unique_ptr<Member>> members_;
  uint64_t crashes_ = 0;
  uint64_t reads_of_the_dead_ = 0;
  const std::unique_ptr<runtime::Loop> loop_;
};

}  // namespace sim
