#pragma once

#include "state/leases/lease.h"

namespace leases {

// Hears of each change of the leases, on the apply loop and within the entry that makes it.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnGranted(const Lease& lease) = 0;
  // The lease is about to end: its keys are still there, and nobody has seen them go.
  virtual void OnRevoking(base::LeaseId id) = 0;
  // `lease` as the checkpoint leaves it.
  virtual void OnCheckpointed(const Lease& lease) = 0;
};

}  // namespace leases
