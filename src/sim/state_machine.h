#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "raft/types.h"

namespace sim {

// What the log is for: a digest of every entry so far, so that two machines at one index are equal
// only if they saw the same entries in the same order.
class StateMachine {
 public:
  void Apply(const raft::Entry& entry);

  base::Index applied() const { return applied_; }
  uint64_t digest() const { return digest_; }

  base::Bytes Save() const;
  static base::Result<StateMachine> Load(base::ByteView saved);

 private:
  base::Index applied_;
  uint64_t digest_ = 0;
};

}  // namespace sim
