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
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kRightsAreCheckedOnce;

using base::Planted;

}  // namespace watch
