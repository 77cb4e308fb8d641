#pragma once

#include <random>

#include "raft/types.h"

// Values for property tests, from a seeded generator.

namespace raft::testing {

using Generator = std::mt19937_64;

inline uint64_t Below(Generator& generator, uint64_t bound) {
  return generator() % bound;
}

// Small numbers, and now and then one of any size.
inline uint64_t AnyNumber(Generator& generator) {
  const uint64_t number = generator();
  return Below(generator, 4) == 0 ? number >> Below(generator, 64) : number % 300;
}

base::SharedBytes AnyBytes(Generator& generator);
Entry AnyEntry(Generator& generator);
ConfState AnyConfState(Generator& generator);
Snapshot AnySnapshot(Generator& generator);
Message AnyMessage(Generator& generator);
ConfChangeV2 AnyConfChange(Generator& generator);

}  // namespace raft::testing
