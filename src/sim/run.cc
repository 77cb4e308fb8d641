#include "sim/run.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/simulated/scheduler.h"
#include "server/raft_trace.h"
#include "sim/cluster.h"
#include "sim/plan.h"
#include "sim/turmoil.h"
#include "sim/workload.h"

namespace sim {
namespace {

// Virtual time that a healthy cluster may take to commit something.
constexpr runtime::Duration kRecoveryMax = std::chrono::seconds(30);
// And to bring all that it may to every member.
constexpr runtime::Duration kSettle = std::chrono::seconds(1);
// And to stop a member.
constexpr runtime::Duration kStopMax = std::chrono::seconds(5);
constexpr runtime::Duration kRecoveryStep = std::chrono::milliseconds(100);
// And to commit what was asked for before.
constexpr runtime::Duration kDrainMax = std::chrono::minutes(2);
// Between two changes of the leader while leases run out: in less a checkpoint, of whole seconds,
// might take nothing off what they have left.
constexpr runtime::Duration kLeadsMax = std::chrono::seconds(3);
// For how long a cluster of which a quorum is whole may commit nothing, clients willing: several
// elections, one after the other, each of which a fault interrupts.
constexpr runtime::Duration kSilentMax = std::chrono::seconds(10);
// Looked at this often, so that a run ends soon after its first violation.
constexpr runtime::Duration kTurmoilStep = std::chrono::milliseconds(100);

// True once the members have committed more than `before`, or something is wrong.
bool CommitsSoon(runtime::simulated::Scheduler& scheduler, Cluster& cluster, base::Index before) {
  for (runtime::Duration waited{0}; waited < kRecoveryMax; waited += kRecoveryStep) {
    scheduler.RunFor(kRecoveryStep);
    if (!cluster.checker().violation().ok()) return true;
    if (cluster.checker().committed() > before + 1) {
      cluster.CompareLogs();
      return true;
    }
  }
  return false;
}

// Waits until the members agree on more than they did when calm began. False if they never will
// because a removal stands in the way.
//
// A plan may let clients ask for more than its messages and disks can carry, with no bound on what
// is uncommitted. Such a cluster commits only when a majority has all that former leaders left; it
// is given more time as long as that majority gets further.
bool Recover(runtime::simulated::Scheduler& scheduler, Cluster& cluster) {
  const base::Index before = cluster.checker().committed();
  std::optional<base::Index> reached;
  while (!CommitsSoon(scheduler, cluster, before)) {
    const std::optional<base::Index> reaches = cluster.CatchingUp();
    if (reaches > reached) {
      reached = reaches;
      continue;
    }
    if (!cluster.AgreesOnConfiguration() && cluster.Leader() == nullptr) return false;
    cluster.checker().Fail(
        base::Status(base::Code::kInternal,
                     "nothing was committed although all faults had ended" + cluster.Describe()));
  }
  return true;
}

// Stops a member under load, with all wires whole: no call may be lost by that.
void StopOne(runtime::simulated::Scheduler& scheduler, Cluster& cluster, const Workload& workload) {
  const std::vector<base::MemberId> members = cluster.members();
  const base::MemberId id = members[scheduler.random().Below(members.size())];
  Process* const process = cluster.process(id);
  if (process == nullptr || process->stopping()) return;
  const uint64_t stops = cluster.stops();
  const uint64_t retirements = cluster.retirements();
  const uint64_t crashes = cluster.crashes();
  const uint64_t lost = workload.ended(Outcome::kLost);
  cluster.Stop(id);
  for (runtime::Duration waited{0}; cluster.stops() == stops; waited += kRecoveryStep) {
    if (waited >= kStopMax) {
      return cluster.checker().Fail(
          base::Status(base::Code::kInternal, "a member did not stop" + cluster.Describe()));
    }
    scheduler.RunFor(kRecoveryStep);
    // One that finds itself removed ends as it is.
    if (cluster.retirements() != retirements || !cluster.checker().violation().ok()) return;
  }
  const uint64_t lost_meanwhile = workload.ended(Outcome::kLost) - lost;
  // A power failure of the turmoil may be noticed only now, where a disk was slow.
  if (lost_meanwhile == 0 || cluster.crashes() != crashes) return;
  cluster.checker().Fail(
      base::Status(base::Code::kInternal,
                   std::to_string(lost_meanwhile) + " calls were lost when a member stopped"));
}

// A member that was removed while it heard nobody, or was never added, does not know it and stands
// alone for ever; operators switch off what is no member.
void RetireStranded(Cluster& cluster) {
  const Process* const leader = cluster.Leader();
  if (leader == nullptr) return;
  const raft::Membership membership = leader->node().membership();
  for (const base::MemberId id : cluster.members()) {
    if (!membership.Contains(id)) cluster.Retire(id);
  }
}

// Whether something is committed all the time, if the plan demands that; or a majority gets further
// with what former leaders left, as in Recover().
class Service {
 public:
  explicit Service(const Plan& plan)
      : is_demanded_(plan.demands_service), silent_max_(kSilentMax + 4 * plan.write_interval) {}

  // To be called after each step of the turmoil.
  void Look(Cluster& cluster) {
    const base::Index committed = cluster.checker().committed();
    const base::Index reaches = cluster.CatchingUp().value_or(base::Index());
    silent_ += kTurmoilStep;
    if (committed > committed_) {
      committed_ = committed;
      reached_ = base::Index();
      silent_ = {};
    }
    if (reaches > reached_) {
      reached_ = reaches;
      silent_ = {};
    }
    if (!is_demanded_ || silent_ <= silent_max_) return;
    cluster.checker().Fail(base::Status(
        base::Code::kInternal,
        "nothing was committed for long although a quorum was whole" + cluster.Describe()));
  }

 private:
  const bool is_demanded_;
  const runtime::Duration silent_max_;
  base::Index committed_;
  base::Index reached_;  // since something was committed
  runtime::Duration silent_{0};
};

// Every watch comes to what its member has, wherever it was.
void AwaitWatches(runtime::simulated::Scheduler& scheduler, Cluster& cluster,
                  const Workload& workload) {
  for (runtime::Duration waited{0}; waited < kRecoveryMax; waited += kRecoveryStep) {
    const bool have_all = workload.WatchesHaveAll() && workload.LibraryHasEnded();
    if (have_all || !cluster.checker().violation().ok()) return;
    scheduler.RunFor(kRecoveryStep);
    RetireStranded(cluster);
  }
  if (workload.WatchesHaveAll()) {
    return cluster.checker().Fail(base::Status(
        base::Code::kInternal, "a call of the client library did not end long after its time"));
  }
  cluster.checker().Fail(base::Status(base::Code::kInternal,
                                      "a watch was not told of what was acknowledged long before"));
}

// Those that have all that is committed.
std::vector<Process*> UpToDate(Cluster& cluster) {
  std::vector<Process*> processes;
  for (const base::MemberId id : cluster.members()) {
    Process* const process = cluster.process(id);
    if (process == nullptr || !process->node().membership().Contains(id)) continue;
    if (process->server().progress().applied >= cluster.checker().committed().value()) {
      processes.push_back(process);
    }
  }
  return processes;
}

// The leader of the newest term, and how long it has led.
class Leading {
 public:
  // To be called after each step. Whether the leader was another before.
  bool Look(Cluster& cluster) {
    const Process* const leader = cluster.Leader();
    const base::Term term = leader == nullptr ? base::Term() : leader->node().term();
    led_ += kRecoveryStep;
    if (term == term_) return false;
    term_ = term;
    led_ = {};
    return true;
  }
  runtime::Duration led() const { return led_; }

 private:
  base::Term term_;
  runtime::Duration led_{0};
};

// What was asked for is committed: more may have been than messages and disks carry at once.
bool AwaitCommits(runtime::simulated::Scheduler& scheduler, Cluster& cluster) {
  for (runtime::Duration waited{0}; waited < kDrainMax; waited += kRecoveryStep) {
    const Process* const leader = cluster.Leader();
    const bool has_all =
        leader != nullptr && leader->node().log().LastIndex() == leader->node().log().committed();
    if (has_all || !cluster.checker().violation().ok()) return true;
    scheduler.RunFor(kRecoveryStep);
  }
  return false;
}

// Leases that nobody renews run out, not before their time; and if checkpoints are made of what
// they have left, also where leaders change, the first one at once. False if members that campaign
// in vain have kept it from being seen.
bool AwaitLeases(runtime::simulated::Scheduler& scheduler, Cluster& cluster,
                 const Workload& workload, const Plan& plan) {
  if (!AwaitCommits(scheduler, cluster)) return false;
  Leading leading;
  runtime::Duration undisturbed{0};
  runtime::Duration leads_max{0};
  bool is_asked_to_change = false;
  for (runtime::Duration waited{0}; waited < 2 * kRecoveryMax; waited += kRecoveryStep) {
    const std::vector<Process*> processes = UpToDate(cluster);
    workload.CheckLeases(processes);
    // No grant is under way any more.
    const bool have_ended = waited > plan.call_timeout_max;
    if (have_ended && !processes.empty() && LeaseWorkload::AreGone(processes)) return true;
    if (!cluster.checker().violation().ok()) return true;
    if (undisturbed > kRecoveryMax) {
      cluster.checker().Fail(
          base::Status(base::Code::kInternal, "a lease that nobody renewed did not run out"));
      return true;
    }
    scheduler.RunFor(kRecoveryStep);
    undisturbed += kRecoveryStep;
    if (leading.Look(cluster)) {
      if (is_asked_to_change) leads_max = kLeadsMax;
      if (!std::exchange(is_asked_to_change, false)) undisturbed = {};
    }
    Process* const leader = cluster.Leader();
    // One that is about to be removed has ended what it was asked for.
    const bool is_joint = leader != nullptr && leader->node().membership().voters.IsJoint();
    if (is_joint) leader->server().ProposeJointChange({});
    if (leader == nullptr || !plan.options.lease_checkpoints || leading.led() < leads_max) continue;
    is_asked_to_change = true;
    const std::vector<base::MemberId> members = cluster.members();
    leader->server().TransferLeadership(members[scheduler.random().Below(members.size())]);
  }
  return false;
}

void CheckAll(runtime::simulated::Scheduler& scheduler, Cluster& cluster, Workload& workload,
              bool leases_are_gone) {
  scheduler.RunFor(kSettle);
  workload.CheckAll(UpToDate(cluster), leases_are_gone);
}

void EndClients(runtime::simulated::Scheduler& scheduler, Workload& workload) {
  workload.Close();
  scheduler.RunFor(runtime::Duration{0});
  for (runtime::Duration waited{0}; !workload.HasEnded() && waited < kRecoveryMax;
       waited += kRecoveryStep) {
    scheduler.RunFor(kRecoveryStep);
  }
}

Report RunPlan(runtime::simulated::Scheduler& scheduler, const Plan& plan,
               server::RaftTrace* raft_trace) {
  const runtime::TimePoint began = scheduler.clock().Now();
  Checker checker;
  runtime::simulated::Wires wires(&scheduler);
  Workload workload(&scheduler, &wires, &checker, plan);
  Cluster cluster(&scheduler, &wires, &checker, plan, raft_trace);
  auto turmoil = std::make_unique<Turmoil>(&scheduler, &wires, &cluster, &workload, plan);
  Service service(plan);
  for (runtime::Duration spent{0}; spent < plan.turmoil; spent += kTurmoilStep) {
    scheduler.RunFor(kTurmoilStep);
    service.Look(cluster);
    if (!checker.violation().ok()) break;
  }
  if (raft_trace != nullptr) raft_trace->End();
  Report report;
  if (checker.violation().ok()) {
    if (plan.holds_minority) cluster.HoldMinority();
    turmoil->Calm();
    report.stalled_by_removal = !Recover(scheduler, cluster);
    cluster.Release();
  }
  if (checker.violation().ok() && !report.stalled_by_removal) {
    StopOne(scheduler, cluster, workload);
  }
  if (checker.violation().ok() && !report.stalled_by_removal) {
    turmoil->EndLoad();
    workload.EndLibrary();
    AwaitWatches(scheduler, cluster, workload);
    const bool leases_are_gone = AwaitLeases(scheduler, cluster, workload, plan);
    CheckAll(scheduler, cluster, workload, leases_are_gone);
  }
  report.violation = checker.violation();
  report.fingerprint = checker.trace().fingerprint();
  report.simulated = scheduler.clock().Now() - began;
  report.tally.Add(checker.tally());
  report.tally.Add(cluster.tally());
  report.tally.Add(cluster.network().tally());
  report.tally.Add(turmoil->tally());
  report.tally.Add(workload.tally());
  report.tally.Add("run: ended waiting for the vote of a removed member",
                   report.stalled_by_removal ? 1 : 0);
  turmoil.reset();
  EndClients(scheduler, workload);
  return report;
}

}  // namespace

Report Run(const Plan& plan, uint64_t seed) {
  runtime::simulated::Scheduler scheduler(seed);
  return RunPlan(scheduler, plan, nullptr);
}

Report RunTraced(uint64_t seed, uint64_t bytes_max, WriteLine write) {
  runtime::simulated::Scheduler scheduler(seed);
  server::RaftTrace raft_trace(
      &scheduler.clock(), {.bytes_max = bytes_max, .write = std::move(write), .on_full = [] {}});
  return RunPlan(scheduler, Plan::ForTrace(seed), &raft_trace);
}

}  // namespace sim
