// Any text as the fields `traceparent` and `tracestate` of a request: what is read of them reads
// the same when it is written again.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "net/trace/trace_context.h"

namespace {

template <typename Bytes>
std::string Hex(const Bytes& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView text(reinterpret_cast<const char*>(data), size);

  if (const auto context = trace::ParseTraceparent(text)) {
    CHECK(context->trace != trace::TraceId() && context->span != trace::SpanId());
    const std::string ids = Hex(context->trace) + "-" + Hex(context->span);
    CHECK(text.substr(3).starts_with(ids));
    const std::string again = "00-" + ids + "-" + Hex(std::array<uint8_t, 1>{context->flags});
    const auto read = trace::ParseTraceparent(again);
    CHECK(read.has_value() && read->trace == context->trace && read->span == context->span);
    CHECK(read->flags == context->flags);
  }
  const std::string state = trace::ParseTracestate(text);
  CHECK_LE(state.size(), size);
  CHECK(trace::ParseTracestate(state) == state);
  return 0;
}
