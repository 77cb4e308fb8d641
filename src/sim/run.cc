#include "sim/run.h"

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

// Waits until the members agree on more than they did when calm began. False if they never will
// because a removal stands in the way.
//
// A plan may let clients ask for more than its messages and disks can carry, with no bound on what
// is uncommitted. Such a cluster commits only when its followers have all that came before: that
// they go on receiving it is enough here.
bool Recover(runtime::simulated::Scheduler& scheduler, Cluster& cluster) {
  const base::Index before = cluster.checker().committed();
  std::optional<base::Index> half_way;
  for (runtime::Duration waited{0}; waited < kRecoveryMax; waited += kRecoveryStep) {
    scheduler.RunFor(kRecoveryStep);
    if (!cluster.checker().violation().ok()) return true;
    if (cluster.checker().committed() > before + 1) {
      cluster.CompareLogs();
      return true;
    }
    if (waited == kRecoveryMax / 2) half_way = cluster.CatchingUp();
  }
  if (half_way.has_value() && cluster.CatchingUp() > half_way) {
    cluster.CompareLogs();
    return true;
  }
  if (!cluster.AgreesOnConfiguration() && cluster.Leader() == nullptr) return false;
  cluster.checker().Fail(
      base::Status(base::Code::kInternal, "nothing was committed although all faults had ended"));
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
