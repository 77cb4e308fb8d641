#include "net/trace/otlp.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/go_text.h"
#include "proto/otlp_collector.pb.h"

namespace trace {
namespace {

namespace otlp = opentelemetry::proto;

constexpr char kScope[] = "cornerstore";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
// Of what a collector says, in the log.
constexpr size_t kReasonBytesMax = 256;

std::string Utf8Of(std::string_view text) {
  if (base::IsUtf8(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const size_t length = base::Utf8Length(text);
    out.append(length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

template <size_t kSize>
std::string BytesOf(const std::array<uint8_t, kSize>& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

uint64_t TimeOf(int64_t unix_nanos) {
  return static_cast<uint64_t>(std::max<int64_t>(unix_nanos, 0));
}

void SetValue(const std::string& value, otlp::common::v1::AnyValue* out) {
  out->set_string_value(Utf8Of(value));
}
void SetValue(int64_t value, otlp::common::v1::AnyValue* out) {
  out->set_int_value(value);
}
void SetValue(bool value, otlp::common::v1::AnyValue* out) {
  out->set_bool_value(value);
}

uint32_t FlagsOf(const Span& span) {
  uint32_t flags = span.flags | uint32_t{otlp::trace::v1::SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK};
  if (span.parent_is_remote) flags |= otlp::trace::v1::SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK;
  return flags;
}

void Add(const Span& span, otlp::trace::v1::Span* out) {
  out->set_trace_id(BytesOf(span.trace));
  out->set_span_id(BytesOf(span.id));
  if (span.parent != SpanId()) out->set_parent_span_id(BytesOf(span.parent));
  out->set_trace_state(span.state);
  out->set_flags(FlagsOf(span));
  out->set_name(span.name);
  out->set_kind(span.kind == Span::Kind::kServer ? otlp::trace::v1::Span::SPAN_KIND_SERVER
                                                 : otlp::trace::v1::Span::SPAN_KIND_INTERNAL);
  out->set_start_time_unix_nano(TimeOf(span.begin_unix_nanos));
  out->set_end_time_unix_nano(TimeOf(span.end_unix_nanos));
  for (const auto& [key, value] : span.attributes) {
    auto* const attribute = out->add_attributes();
    attribute->set_key(std::string(key));
    std::visit([attribute](const auto& each) { SetValue(each, attribute->mutable_value()); },
               value);
  }
  for (const Span::Event& event : span.events) {
    auto* const added = out->add_events();
    added->set_time_unix_nano(TimeOf(event.unix_nanos));
    added->set_name(std::string(event.name));
  }
  // Compat: a status that is not set is there, empty.
  auto* const status = out->mutable_status();
  if (!span.failed) return;
  status->set_code(otlp::trace::v1::Status::STATUS_CODE_ERROR);
  status->set_message(Utf8Of(span.failure));
}

}  // namespace

base::Bytes EncodeBatch(const ResourceAttributes& resource, const Batch& batch) {
  otlp::collector::trace::v1::ExportTraceServiceRequest request;
  auto* const spans = request.add_resource_spans();
  for (const auto& [key, value] : resource) {
    auto* const attribute = spans->mutable_resource()->add_attributes();
    attribute->set_key(key);
    attribute->mutable_value()->set_string_value(Utf8Of(value));
  }
  auto* const scope = spans->add_scope_spans();
  scope->mutable_scope()->set_name(kScope);
  for (const Span& span : batch.spans) Add(span, scope->add_spans());
  return request.SerializeAsString();
}

Taken ReadTaken(base::ByteView response, size_t spans) {
  otlp::collector::trace::v1::ExportTraceServiceResponse parsed;
  const bool fits = response.size() <= size_t{std::numeric_limits<int>::max()};
  if (!fits || !parsed.ParseFromArray(response.data(), static_cast<int>(response.size()))) {
    return {};
  }
  const auto& partial = parsed.partial_success();
  const int64_t rejected =
      std::clamp<int64_t>(partial.rejected_spans(), 0, static_cast<int64_t>(spans));
  return {static_cast<size_t>(rejected), partial.error_message().substr(0, kReasonBytesMax)};
}

}  // namespace trace
