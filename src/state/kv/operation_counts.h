#pragma once

#include <cstdint>

namespace kv {

// What requests did to the keys, as etcd's metrics count it.
struct OperationCounts {
  uint64_t ranges = 0;
  uint64_t puts = 0;
  uint64_t deletes = 0;    // DeleteRange operations, whatever they found
  uint64_t txns = 0;       // transactions of more than one operation
  uint64_t put_bytes = 0;  // of keys and values

  uint64_t operations() const { return ranges + puts + deletes; }
};

}  // namespace kv
