#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of how rights are checked where entries are applied, which the simulator
// must notice (base/planted.h).

namespace apply {

enum class PlantedBug : uint8_t {
  kNone,
  // Transactions within others are not put to the judge.
  kInnerTransactionsAreNotChecked,
  // Tokens go on to count when a snapshot replaces the state, whatever has become of their users.
  kSnapshotKeepsTokens,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kSnapshotKeepsTokens;

}  // namespace apply
