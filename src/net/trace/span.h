#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "net/rpc/call_trace.h"
#include "net/trace/trace_context.h"

namespace trace {

// A span as it is told to a collector. All but the texts of attributes is plain.
struct Span {
  enum class Kind : uint8_t { kInternal, kServer };
  struct Event {
    int64_t unix_nanos;
    std::string_view name;
  };

  TraceId trace{};
  SpanId id{};
  SpanId parent{};                // zeros: none
  bool parent_is_remote = false;  // it would be in another process
  uint8_t flags = 0;
  Kind kind = Kind::kInternal;
  std::string state;
  std::string name;
  int64_t begin_unix_nanos = 0;
  int64_t end_unix_nanos = 0;
  rpc::SpanAttributes attributes;
  std::vector<Event> events;
  // Why the work failed, if that is this program's fault and not the caller's.
  bool failed = false;
  std::string failure;

  // What it takes in memory, about.
  size_t ByteSize() const {
    size_t size = sizeof(Span) + state.capacity() + name.capacity() + failure.capacity() +
                  attributes.capacity() * sizeof(rpc::SpanAttribute) +
                  events.capacity() * sizeof(Event);
    for (const auto& [key, value] : attributes) {
      if (const auto* text = std::get_if<std::string>(&value)) size += text->capacity();
    }
    return size;
  }
};

// Spans that are sent together.
struct Batch {
  std::vector<Span> spans;
  size_t bytes = 0;
};

}  // namespace trace
