#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of what watches promise, which the simulator must notice (base/planted.h).

namespace watch {

enum class PlantedBug : uint8_t {
  kNone,
  // Some steps pass over the revision behind their last one.
  kStepSkipsARevision,
  // Watchers that are behind count as if they were not, when their progress is told.
  kBehindIsPresent,
  // Whether a client may read what it watches is not asked again when rights have changed.
  kRightsAreCheckedOnce,
  // Where a receiver takes nothing, its watcher goes on behind what it was to be told.
  kSlowLoseAStep,
  // A watcher that catches up is told the last that it was told once more.
  kSlowAreToldTwice,
  // Watchers whose receivers take nothing count as if they were told all, when progress is told.
  kSlowArePresent,
  // A receiver that takes more again is not looked at.
  kSlowAreForgotten,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kSlowAreForgotten;

using base::Planted;

}  // namespace watch
