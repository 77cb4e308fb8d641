#include "sim/run.h"

#include <optional>

#include "runtime/simulated/scheduler.h"
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

// Every watch comes to what its member has, wherever it was.
void AwaitWatches(runtime::simulated::Scheduler& scheduler, Cluster& cluster,
                  const Workload& workload) {
  for (runtime::Duration waited{0}; waited < kRecoveryMax; waited += kRecoveryStep) {
    if (workload.WatchesHaveAll() || !cluster.checker().violation().ok()) return;
    scheduler.RunFor(kRecoveryStep);
  }
  cluster.checker().Fail(base::Status(base::Code::kInternal,
                                      "a watch was not told of what was acknowledged long before"));
}

// Once all members have what is committed.
void CheckAll(runtime::simulated::Scheduler& scheduler, Cluster& cluster, Workload& workload) {
  scheduler.RunFor(kSettle);
  std::vector<Process*> processes;
  for (const base::MemberId id : cluster.members()) {
    Process* const process = cluster.process(id);
    if (process == nullptr || !process->node().membership().Contains(id)) continue;
    if (process->server().progress().applied >= cluster.checker().committed().value()) {
      processes.push_back(process);
    }
  }
  workload.CheckAll(processes);
}

}  // namespace

Report RunSeed(uint64_t seed) {
  const Plan plan = Plan::FromSeed(seed);
  runtime::simulated::Scheduler scheduler(seed);
  Checker checker;
  runtime::simulated::Wires wires(&scheduler);
  Workload workload(&scheduler, &wires, &checker, plan);
  Cluster cluster(&scheduler, &wires, &checker, plan);
  Turmoil turmoil(&scheduler, &wires, &cluster, &workload, plan);
  for (runtime::Duration spent{0}; spent < plan.turmoil; spent += kTurmoilStep) {
    scheduler.RunFor(kTurmoilStep);
    if (!checker.violation().ok()) break;
  }
  Report report;
  if (checker.violation().ok()) {
    turmoil.Calm();
    report.stalled_by_removal = !Recover(scheduler, cluster);
  }
  if (checker.violation().ok() && !report.stalled_by_removal) {
    StopOne(scheduler, cluster, workload);
  }
  if (checker.violation().ok() && !report.stalled_by_removal) {
    AwaitWatches(scheduler, cluster, workload);
    CheckAll(scheduler, cluster, workload);
  }
  report.violation = checker.violation();
  report.elections = checker.elections();
  report.committed_entries = checker.committed_entries();
  report.crashes = cluster.crashes();
  report.stops = cluster.stops();
  report.writes = workload.acknowledged();
  report.reads = workload.reads_answered();
  report.events = workload.events();
  report.calls_unprocessed = workload.ended(Outcome::kUnprocessed);
  report.calls_given_up = workload.ended(Outcome::kGivenUp);
  report.calls_lost = workload.ended(Outcome::kLost);
  report.steps = checker.steps();
  report.fingerprint = checker.trace().fingerprint();
  workload.Close();
  scheduler.RunFor(runtime::Duration{0});
  return report;
}

}  // namespace sim
