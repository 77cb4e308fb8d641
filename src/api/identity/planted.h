#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of which passwords are right, which the simulator must notice
// (base/planted.h).

namespace identity {

enum class PlantedBug : uint8_t {
  kNone,
  // A password that was right is remembered whatever is kept of the user's password since.
  kRememberedPasswordsOutliveTheirUser,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kRememberedPasswordsOutliveTheirUser;

}  // namespace identity
