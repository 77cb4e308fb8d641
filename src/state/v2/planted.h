#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of how the tree is kept, which the simulator must notice (base/planted.h).

namespace v2 {

enum class PlantedBug : uint8_t {
  kNone,
  // One in eight files that are set is not in the database.
  kFileIsNotSaved,
  // One event in eight is not in the database.
  kEventIsNotSaved,
  // A loop that has missed what happened, as when a snapshot comes, goes on without it.
  kGapIsPassedOver,
  // A quorum read does not wait for what was written before.
  kQuorumReadDoesNotWait,
  // Whoever has no right is told so, after it was done.
  kRefusedIsDone,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kRefusedIsDone;

}  // namespace v2
