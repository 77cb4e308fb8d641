#pragma once

#include <bit>
#include <cstdint>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace sim {

// A fingerprint of everything that happened, in order: two runs of one seed must agree.
class Trace {
 public:
  template <typename... Values>
  void Add(Values... values) {
    (AddOne(static_cast<uint64_t>(values)), ...);
  }
  void AddBytes(base::ByteView bytes) { Add(bytes.size(), base::Crc32c(bytes)); }

  uint64_t fingerprint() const { return state_; }
  uint64_t events() const { return events_; }

 private:
  void AddOne(uint64_t value) {
    state_ = std::rotl(state_ ^ value, 23) * 0x9e3779b97f4a7c15;
    ++events_;
  }

  uint64_t state_ = 0x243f6a8885a308d3;
  uint64_t events_ = 0;
};

}  // namespace sim
