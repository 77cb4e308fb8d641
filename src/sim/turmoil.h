#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster.h"
#include "sim/plan.h"
#include "sim/tally.h"
#include "sim/workload.h"
#include "state/members/member.h"

namespace sim {

// What happens to a cluster from outside, at random times: the requests of clients and operators,
// and the faults of its surroundings.
class Turmoil {
 public:
  // All outlive this. `wires` are those between clients and members.
  Turmoil(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
          Cluster* cluster, Workload* workload, const Plan& plan);

  // No further faults or changes of configuration; every member runs and reaches every other.
  void Calm();
  // No further requests either.
  void EndLoad() { load_ended_ = true; }

  // How often what was asked for.
  const Tally& tally() const { return tally_; }

 private:
  using Action = void (Turmoil::*)();

  // `name`, which outlives this, says in the tally what is done.
  void Repeat(std::string_view name, runtime::Duration mean_interval, Action action);
  // The leader may be another soon, and the former one not know it: clients revoke leases then.
  void DisputeLeases();
  runtime::Duration DrawInterval(runtime::Duration mean);
  base::MemberId RandomMember();
  // Whether a leader may be kept from leading: always, but if the plan demands service not before
  // something was committed since the last time.
  bool MayDisturb();
  // The leader one time in two: faults elsewhere change less. Nobody if the plan demands service
  // and too few others would be whole.
  std::optional<base::MemberId> DrawVictim();

  void Write();
  void Read() { workload_->Read(); }
  void ChangeRights() { workload_->ChangeRights(); }
  void ChangeRules() { workload_->ChangeRules(); }
  void ChangeTree() { workload_->ChangeTree(); }
  void PauseClient();
  void PauseWatch();
  void Dial() { workload_->Dial(cluster_->client_addresses()); }
  const std::string& RandomMemberHost();
  void BreakWires();
  void CutWires();
  void ChangeConfiguration();
  void AddMember(Process& leader);
  void PromoteLearner(const Process& leader);
  void RemoveMember(Process& leader);
  void ReplaceMembers(Process& leader);
  void TransferLeadership();
  void Campaign();

  void Kill();
  void Stop();
  void FailPower();
  void FailSync();
  void Partition();
  void Pause();
  void Stall();
  void FillDisk();
  void DamageDatabase();
  void LoseLog();
  void DamageLog();
  void StopRemoved();
  void CompareLogs() { cluster_->CompareLogs(); }

  runtime::simulated::Scheduler* const scheduler_;
  runtime::simulated::Wires* const wires_;
  Cluster* const cluster_;
  Workload* const workload_;
  const Plan plan_;
  bool calm_ = false;
  bool load_ended_ = false;
  const std::unique_ptr<runtime::Loop> loop_;
  const std::unique_ptr<runtime::Timer> heal_;
  const std::unique_ptr<runtime::Timer> resume_;
  const std::unique_ptr<runtime::Timer> end_stall_;
  const std::unique_ptr<runtime::Timer> make_room_;
  const std::unique_ptr<runtime::Timer> join_wires_;
  const std::unique_ptr<runtime::Timer> revoke_;
  base::Index disturbed_at_;
  // Nobody's, or no member any more.
  base::MemberId paused_;
  base::MemberId stalled_;
  base::MemberId full_;  // its disk
  Tally tally_;
  std::vector<std::unique_ptr<runtime::Timer>> timers_;
};

}  // namespace sim
