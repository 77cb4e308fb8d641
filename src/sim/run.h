#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/status.h"
#include "runtime/time.h"
#include "sim/plan.h"
#include "sim/tally.h"

namespace sim {

// What one simulated run came to.
struct Report {
  // The first broken invariant, or what did not recover; OK if all is well.
  base::Status violation;
  // The run ended without a leader because those that could lead need the votes of members that
  // know of their own removal and have longer logs. A configuration counts from when it is
  // applied (as in etcd), so raft promises progress only once all know the newest one.
  bool stalled_by_removal = false;
  // What has happened: to whom clients spoke, which faults struck, what members were.
  Tally tally;
  // Virtual time, recovery included.
  runtime::Duration simulated{0};
  uint64_t fingerprint = 0;
};

// Runs a cluster through the turmoil of the plan, then lets it recover. The same plan and seed give
// the same report.
Report Run(const Plan& plan, uint64_t seed);

// The same, of the plan that the seed draws.
inline Report RunSeed(uint64_t seed) {
  return Run(Plan::FromSeed(seed), seed);
}

// Likewise, by a plan of another kind (Plan::ForTrace). The steps of all raft nodes during the
// turmoil go to `write`, in their order, each as a line of a state trace; up to `bytes_max`.
using WriteLine = std::function<void(std::string_view line)>;
Report RunTraced(uint64_t seed, uint64_t bytes_max, WriteLine write);

}  // namespace sim
