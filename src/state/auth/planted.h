#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of what users may do and by what they are known, which the simulator must
// notice (base/planted.h).

namespace auth {

enum class PlantedBug : uint8_t {
  kNone,
  // Who was known at a revision that is over is judged as if he were known now.
  kOldRevisionIsTaken,
  // A user's rights are not looked at again when what his roles permit has changed.
  kRightsOutliveTheirRoles,
  // The tokens of a user count though he has another password.
  kNewPasswordKeepsTokens,
  // The tokens of a user who was deleted count again when there is one of his name.
  kDeletedUserKeepsTokens,
  // Tokens count again when authentication, which was disabled, is enabled.
  kDisablingKeepsTokens,
  // The revision of users and roles is the first one after a start or a snapshot.
  kLoadForgetsRevision,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kLoadForgetsRevision;

}  // namespace auth
