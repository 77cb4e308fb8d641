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

// Whether the members agree on more than they did when calm began.
void Recover(runtime::simulated::Scheduler& scheduler, Cluster& cluster) {
  const base::Index before = cluster.checker().committed();
  for (runtime::Duration waited{0}; waited < kRecoveryMax; waited += kRecoveryStep) {
    scheduler.RunFor(kRecoveryStep);
    if (!cluster.checker().violation().ok()) return;
    if (cluster.checker().committed() > before + 1) return cluster.CompareLogs();
  }
  cluster.checker().Fail(
      base::Status(base::Code::kInternal, "nothing was committed although all faults had ended"));
}

}  // namespace

Report Run(uint64_t seed) {
  const Plan plan = Plan::FromSeed(seed);
  runtime::simulated::Scheduler scheduler(seed);
  Cluster cluster(&scheduler, plan);
  Turmoil turmoil(&scheduler, &cluster, plan);
  for (runtime::Duration spent{0}; spent < plan.turmoil; spent += kTurmoilStep) {
    scheduler.RunFor(kTurmoilStep);
    if (!cluster.checker().violation().ok()) break;
  }
  if (cluster.checker().violation().ok()) {
    turmoil.Calm();
    Recover(scheduler, cluster);
  }
  const Checker& checker = cluster.checker();
  return {checker.violation(),
          checker.elections(),
          checker.committed_entries(),
          cluster.crashes(),
          cluster.reads_answered(),
          checker.steps(),
          cluster.checker().trace().fingerprint()};
}

}  // namespace sim
