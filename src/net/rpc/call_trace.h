#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace rpc {

class ServerCall;

// What is said of a span: a name, and its value. The name's text lives for ever.
using SpanAttribute = std::pair<std::string_view, std::variant<std::string, int64_t, bool>>;
using SpanAttributes = std::vector<SpanAttribute>;

// What is told of one call that is traced: spans of the work on it, and moments. On its loop; owned
// by the call, and gone once that has ended. Texts of names live for ever.
class CallTrace {
 public:
  virtual ~CallTrace() = default;

  // Begins a span below that of the call, which ends with End, or with the call. Returns its
  // number, never 0.
  virtual uint32_t Begin(std::string_view name, SpanAttributes attributes) = 0;
  // Without effect if that span has ended.
  virtual void End(uint32_t span) = 0;
  // A moment of the span that was begun last of those that go on, or of the call.
  virtual void AddEvent(std::string_view name) = 0;

  // The last: how the call ended.
  virtual void EndCall(const base::Status& status) = 0;
};

// Decides which calls of a loop are traced. Outlives them.
class CallTracer {
 public:
  virtual ~CallTracer() = default;
  // Null: this one is not. The head of the call has come.
  virtual std::unique_ptr<CallTrace> Begin(const ServerCall& call) = 0;
};

}  // namespace rpc
