#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of what HTTP/2 tells a client of its requests, which the simulator must
// notice (base/planted.h).

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

using base::Planted;

}  // namespace http
