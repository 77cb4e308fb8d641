#include "runtime/random.h"

#include <bit>

#include "base/check.h"

namespace runtime {

Random::Random(uint64_t seed) {
  // SplitMix64 spreads the seed over the state, as the authors of xoshiro advise.
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    word = mixed ^ (mixed >> 31);
  }
}

uint64_t Random::Next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint64_t Random::Below(uint64_t bound) {
  CHECK_GT(bound, 0u);
  // Numbers of the incomplete last run are drawn again, so that none is favoured.
  const uint64_t excess = (0 - bound) % bound;
  for (;;) {
    const uint64_t number = Next();
    if (number >= excess) return number % bound;
  }
}

}  // namespace runtime
