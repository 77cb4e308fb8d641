#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of what the client library promises, which the simulator must notice
// (base/planted.h).

namespace client {

enum class PlantedBug : uint8_t {
  kNone,
  // A watch that goes on at another member leaves out the revision behind the last that it told.
  kWatchResumesLate,
  // Or tells that one once more.
  kWatchResumesEarly,
  // A write of which it is not known whether it was carried out is sent again.
  kUnknownWritesAreRepeated,
  // A session goes on when its lease is lost.
  kLostLeasesAreKept,
  // Whoever leaves a lock deletes the places of all who wait for it.
  kUnlockTakesAll,
  // Whoever waits goes on when the one before it is gone, though others may be before that one.
  kOneIsWaitedFor,
  // A semaphore lets somebody in beside those who may be let in before.
  kWaitersDoNotCount,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kWaitersDoNotCount;

using base::Planted;

}  // namespace client
