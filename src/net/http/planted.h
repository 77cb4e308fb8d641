#pragma once

#include <cstdint>

// Deliberate violations of what HTTP/2 tells a client of its requests, as those of raft's protocol
// in raft/planted.h, and in the program etcd-sim-planted alone.

namespace http {

enum class PlantedBug : uint8_t {
  kNone,
  // A server that drains leaves out the last request that it has served when it says, in GOAWAY,
  // which ones it has.
  kGoAwayLeavesOutTheLast,
  // A server refuses some of the requests that it has taken, as if it had not looked at them.
  kRefuseWhatWasTaken,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kRefuseWhatWasTaken;

#ifdef RAFT_PLANT_BUGS
// Chooses the bug of every session in the process. Not thread-safe.
void Plant(PlantedBug bug);
bool Planted(PlantedBug bug);
#else
constexpr bool Planted(PlantedBug) {
  return false;
}
#endif

}  // namespace http
