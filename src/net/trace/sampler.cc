#include "net/trace/sampler.h"

namespace trace {
namespace {

constexpr uint64_t kAll = uint64_t{1} << 63;

}  // namespace

// Compat: the bound, and the bits of the id that are compared with it, are those of OpenTelemetry's
// Go library, so that members of etcd beside this one decide alike.
Sampler::Sampler(int64_t per_million)
    : bound_(per_million >= kMillion ? kAll
                                     : static_cast<uint64_t>(static_cast<double>(per_million) /
                                                             static_cast<double>(kMillion) *
                                                             static_cast<double>(kAll))) {}

bool Sampler::Samples(const std::optional<TraceContext>& parent, const TraceId& trace) const {
  if (parent.has_value()) return parent->sampled();
  uint64_t bits = 0;
  for (size_t i = sizeof(SpanId); i < trace.size(); ++i) bits = bits << 8 | trace[i];
  return bits >> 1 < bound_;
}

}  // namespace trace
