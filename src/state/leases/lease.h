#pragma once

#include <cstdint>

#include "base/ids.h"

namespace leases {

// A lease as the log has made it. When it runs out is not part of that: only a leader counts time.
struct Lease {
  base::LeaseId id;
  int64_t ttl = 0;  // seconds, as granted
  // Seconds that were left at the last checkpoint; 0: none since the last renewal.
  int64_t remaining_ttl = 0;

  friend bool operator==(const Lease&, const Lease&) = default;
};

// Longer ones are refused.
inline constexpr int64_t kTtlMax = 9'000'000'000;

}  // namespace leases
