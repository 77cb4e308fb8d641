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
  // Whoever does not know whether it has taken an element of a queue takes the next one.
  kElementsAreLostInSilence,
  // The elements of a priority queue come in the order in which they were put.
  kPrioritiesDoNotCount,
  // A transaction of a function looks at one of the keys alone that it has read.
  kOneReadIsCompared,
  // Or reads each key as it is now.
  kReadsAreOfAnyRevision,
  // A barrier is looked for at one member, which may not know of it yet.
  kBarriersAreSeenLate,
  // A double barrier opens when all but one are there.
  kDoubleBarriersOpenEarly,
  // Whoever leaves a double barrier waits for nobody.
  kDoubleBarriersAreLeftAtOnce,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kDoubleBarriersAreLeftAtOnce;

using base::Planted;

}  // namespace client
