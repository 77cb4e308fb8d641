#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/status.h"

namespace sim {

// What one simulated run came to.
struct Report {
  // The first broken invariant, or what did not recover; OK if all is well.
  base::Status violation;
  // The run ended without a leader because those that could lead need the votes of members that
  // know of their own removal and have longer logs. A configuration counts from when it is
  // applied (as in etcd), so raft promises progress only once all know the newest one.
  bool stalled_by_removal = false;
  uint64_t elections = 0;
  uint64_t committed_entries = 0;
  uint64_t crashes = 0;
  uint64_t damages = 0;       // of databases
  uint64_t losses = 0;        // of logs
  uint64_t replacements = 0;  // of members that had lost theirs
  uint64_t stops = 0;         // of members that were asked to
  uint64_t writes = 0;        // acknowledged
  uint64_t reads = 0;
  uint64_t events = 0;  // that watches were told
  // Requests of users who have rights to some keys.
  uint64_t users_served = 0;
  uint64_t users_denied = 0;
  uint64_t tree_answers = 0;  // of the v2 API
  uint64_t calls_unprocessed = 0;
  uint64_t calls_given_up = 0;
  uint64_t calls_lost = 0;
  uint64_t steps = 0;
  uint64_t fingerprint = 0;
};

// Runs a cluster through the turmoil that `seed` draws, then lets them recover. The same seed
// gives the same report.
Report RunSeed(uint64_t seed);

// Likewise, by a plan of another kind (Plan::ForTrace). The steps of all raft nodes during the
// turmoil go to `write`, in their order, each as a line of a state trace; up to `bytes_max`.
using WriteLine = std::function<void(std::string_view line)>;
Report RunTraced(uint64_t seed, uint64_t bytes_max, WriteLine write);

}  // namespace sim
