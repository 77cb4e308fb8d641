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
  Workload workload(&scheduler.random(), &checker);
  Cluster cluster(&scheduler, &checker, plan);
  Turmoil turmoil(&scheduler, &cluster, &workload, plan);
  for (runtime::Duration spent{0}; spent < plan.turmoil; spent += kTurmoilStep) {
    scheduler.RunFor(kTurmoilStep);
    if (!checker.violation().ok()) break;
  }
  Report report;
  if (checker.violation().ok()) {
    turmoil.Calm();
    report.stalled_by_removal = !Recover(scheduler, cluster);
  }
  if (checker.violation().ok() && !report.stalled_by_removal)
    CheckAll(scheduler, cluster, workload);
  report.violation = checker.violation();
  report.elections = checker.elections();
  report.committed_entries = checker.committed_entries();
  report.crashes = cluster.crashes();
  report.writes = workload.acknowledged();
  report.reads = workload.reads_answered();
  report.steps = checker.steps();
  report.fingerprint = checker.trace().fingerprint();
  return report;
}

}  // namespace sim
