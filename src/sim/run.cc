#include "sim/run.h"

#include <optional>

#include "runtime/simulated/scheduler.h"
#include "sim/cluster.h"
#include "sim/plan.h"
#include "sim/turmoil.h"

namespace sim {
namespace {

// Virtual time that a healthy cluster may take to commit something.
constexpr runtime::Duration kRecoveryMax = std::chrono::seconds(30);
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
        base::Status(base::Code::kInternal, "nothing was committed although all faults had ended"));
  }
  return true;
}

}  // namespace

Report RunSeed(uint64_t seed) {
  const Plan plan = Plan::FromSeed(seed);
  runtime::simulated::Scheduler scheduler(seed);
  Cluster cluster(&scheduler, plan);
  Turmoil turmoil(&scheduler, &cluster, plan);
  for (runtime::Duration spent{0}; spent < plan.turmoil; spent += kTurmoilStep) {
    scheduler.RunFor(kTurmoilStep);
    if (!cluster.checker().violation().ok()) break;
  }
  const Checker& checker = cluster.checker();
  Report report;
  if (checker.violation().ok()) {
    turmoil.Calm();
    report.stalled_by_removal = !Recover(scheduler, cluster);
  }
  report.violation = checker.violation();
  report.elections = checker.elections();
  report.committed_entries = checker.committed_entries();
  report.crashes = cluster.crashes();
  report.reads = cluster.reads_answered();
  report.steps = checker.steps();
  report.fingerprint = cluster.checker().trace().fingerprint();
  return report;
}

}  // namespace sim
