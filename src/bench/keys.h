#pragma once

#include <cstdint>
#include <string>

#include "runtime/random.h"

namespace bench {

// The keys of etcd's benchmark: a number as Go's binary.PutVarint writes it, and zeros up to the
// size. (There a key may end in bytes of an earlier one, so that there are more keys than numbers.)
class Keys {
 public:
  // Whether all numbers below `space` fit into so many bytes.
  static bool Fit(size_t size, uint64_t space);

  Keys(std::string prefix, size_t size) : prefix_(std::move(prefix)), size_(size) {}

  void Write(uint64_t number, std::string* key) const;

 private:
  const std::string prefix_;
  const size_t size_;
};

// So many random bytes, the same for one seed.
std::string RandomBytes(size_t size, runtime::Random* random);

}  // namespace bench
