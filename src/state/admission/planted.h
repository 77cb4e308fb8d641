#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of how rules are kept, which the simulator must notice (base/planted.h).

namespace admission {

enum class PlantedBug : uint8_t {
  kNone,
  // A rule that is set is not in the database.
  kSetIsNotSaved,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kSetIsNotSaved;

}  // namespace admission
