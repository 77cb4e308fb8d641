#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace trace {

// All zeros: none.
using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;

// Of a trace's flags: what its beginner, or whoever decides for him, wants to have recorded.
inline constexpr uint8_t kSampledFlag = 1;
// That the id of the trace was drawn at random.
inline constexpr uint8_t kRandomFlag = 2;

// The span that a request comes from, in another program (W3C Trace Context).
//
//   traceparent = version "-" trace-id "-" parent-id "-" flags    in lower-case digits of base 16:
//                 2, 32, 16 and 2
//
// A later version than 00 may have more behind it. Neither id is zero.
struct TraceContext {
  TraceId trace{};
  SpanId span{};
  uint8_t flags = 0;
  // What others keep of the trace, as they have written it; may be empty.
  std::string state;

  bool sampled() const { return (flags & kSampledFlag) != 0; }
};

// Nothing for a text that says no span. Compat: what OpenTelemetry's Go library takes, so that a
// trace has a hole where it has one with etcd.
std::optional<TraceContext> ParseTraceparent(base::ByteView text);

// A request's field `tracestate`, without what means nothing in it; empty if it is not one.
//
//   tracestate = member *( "," member );  member = key "=" value    32 at most, keys once
std::string ParseTracestate(base::ByteView text);

}  // namespace trace
