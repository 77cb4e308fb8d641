#pragma once

#include <cstdint>
#include <optional>

#include "net/trace/trace_context.h"

namespace trace {

// Decides which traces are recorded: one that comes from elsewhere as it was decided there, and of
// those that begin here so many of a million, by their ids. So all members decide alike.
class Sampler {
 public:
  static constexpr int64_t kMillion = 1'000'000;

  // From 0 to kMillion.
  explicit Sampler(int64_t per_million);

  // Whether any trace that begins here is recorded.
  bool BeginsTraces() const { return bound_ > 0; }
  // `trace` is the parent's if there is one.
  bool Samples(const std::optional<TraceContext>& parent, const TraceId& trace) const;

 private:
  const uint64_t bound_;  // 63 bits of the id are below it
};

}  // namespace trace
