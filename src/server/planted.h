#pragma once

#include <cstdint>

#include "base/planted.h"

// Deliberate violations of what a member promises, of the time of leases and in its log, which the
// simulator must notice (base/planted.h).

namespace server {

enum class PlantedBug : uint8_t {
  kNone,
  // A leader renews leases without having been confirmed as the leader.
  kRenewUnconfirmed,
  // A leader answers a renewal at once though it has not applied all that is committed.
  kRenewBehindTheLog,
  // A lease that has run out can be renewed, although it is being revoked.
  kRenewWhatHasRunOut,
  // A new leader does not give the leases their time again: they run out.
  kNewLeaderGivesNoTime,
  // A new leader lets none of the leases run out that it finds.
  kNewLeaderLetsNoneRunOut,
  // A renewal leaves the checkpoint as it is.
  kRenewalKeepsCheckpoint,
  // A new leader does not go by the checkpoints.
  kNewLeaderIgnoresCheckpoints,
  // A member whose damaged database is refilled forgets whom it has voted for, and in which terms.
  kRefillForgetsVotes,
  // Such a member keeps of its log only what it knows to be committed.
  kRefillForgetsEntries,
  // A member that lost its log goes on under the identifier that it had, as if it were new.
  kReplacedKeepsItsId,
};

inline constexpr PlantedBug kPlantedBugLast = PlantedBug::kReplacedKeepsItsId;

}  // namespace server
