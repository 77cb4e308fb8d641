#pragma once

#include <cstdint>

namespace runtime {

// A small seeded generator (xoshiro256**, Blackman and Vigna 2018): the same seed gives the same
// numbers on every machine. Not for secrets. One owner; copy to fork a stream.
class Random {
 public:
  explicit Random(uint64_t seed);

  uint64_t Next();
  // Uniform in [0, bound); bound > 0.
  uint64_t Below(uint64_t bound);
  // Uniform in [low, high].
  uint64_t Between(uint64_t low, uint64_t high) { return low + Below(high - low + 1); }
  // True one time in `denominator`.
  bool OneIn(uint64_t denominator) { return Below(denominator) == 0; }
  bool Chance(uint64_t numerator, uint64_t denominator) { return Below(denominator) < numerator; }

 private:
  uint64_t state_[4];
};

}  // namespace runtime
