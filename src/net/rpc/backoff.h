#pragma once

#include "runtime/random.h"
#include "runtime/time.h"

namespace rpc {

// How long to wait before the next attempt: longer after each failure, with a random part so that
// many clients do not come back at once. The defaults are gRPC's (doc/connection-backoff.md).
class Backoff {
 public:
  struct Options {
    runtime::Duration initial = std::chrono::seconds(1);
    runtime::Duration longest = std::chrono::seconds(120);
    // In hundredths: 1.6 times longer each time, and 0.2 of it at random, either way.
    uint32_t growth_percent = 160;
    uint32_t jitter_percent = 20;
  };

  Backoff(const Options& options, uint64_t seed)
      : options_(options), next_(options.initial), random_(seed) {}

  // The wait after one more failure.
  runtime::Duration Next();
  // After a success.
  void Reset() { next_ = options_.initial; }

 private:
  const Options options_;
  runtime::Duration next_;
  runtime::Random random_;
};

}  // namespace rpc
