#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of which keys go with which lease, which the simulator must notice
// (base/planted.h).

namespace leases {

enum class PlantedBug : uint8_t {
  kNone,
  // A key that is written again without its lease, or deleted, is still taken to be with it.
  kDetachIsForgotten,
  // Keys of an even length are not taken to be with their lease.
  kSomeAreNotAttached,
  // Which keys are with which lease is not known after a start or a snapshot.
  kLoadAttachesNothing,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kLoadAttachesNothing;

}  // namespace leases
