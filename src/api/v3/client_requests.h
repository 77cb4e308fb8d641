#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "observe/metrics.h"

namespace v3 {

// Counts requests by the version that their clients say they have. Belongs to one loop.
class ClientRequests {
 public:
  enum class Type : uint8_t { kUnary, kStream };

  // `registry` outlives this.
  explicit ClientRequests(observe::Registry* registry) : registry_(registry) {}

  // Clients choose what they say: with too many versions, further ones are counted as "other".
  void Count(Type type, std::string_view version);

 private:
  using Counters = std::vector<std::pair<std::string, observe::Counter>>;

  observe::Counter& CounterOf(Type type, std::string_view version);

  observe::Registry* const registry_;
  Counters counters_[2];  // by type; few
};

}  // namespace v3
