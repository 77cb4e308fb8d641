#include "net/trace/tracer.h"

#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "base/bytes.h"

namespace trace {
namespace {

// Of one span; further ones are left out.
constexpr size_t kEventsMax = 16;

// As OpenTelemetry writes gRPC's codes.
std::string CodeText(base::Code code) {
  static constexpr std::string_view kTexts[] = {"OK",
                                                "CANCELLED",
                                                "UNKNOWN",
                                                "INVALID_ARGUMENT",
                                                "DEADLINE_EXCEEDED",
                                                "NOT_FOUND",
                                                "ALREADY_EXISTS",
                                                "PERMISSION_DENIED",
                                                "RESOURCE_EXHAUSTED",
                                                "FAILED_PRECONDITION",
                                                "ABORTED",
                                                "OUT_OF_RANGE",
                                                "UNIMPLEMENTED",
                                                "INTERNAL",
                                                "UNAVAILABLE",
                                                "DATA_LOSS",
                                                "UNAUTHENTICATED"};
  return std::string(kTexts[static_cast<size_t>(code)]);
}

// Whether it is the server that has failed, and not the caller who has asked for what cannot be.
bool IsFailure(base::Code code) {
  switch (code) {
    case base::Code::kUnknown:
    case base::Code::kDeadlineExceeded:
    case base::Code::kUnimplemented:
    case base::Code::kInternal:
    case base::Code::kUnavailable:
    case base::Code::kDataLoss:
      return true;
    default:
      return false;
  }
}

template <size_t kSize>
void Fill(std::array<uint8_t, kSize>* id, runtime::Random* random) {
  do {
    for (size_t i = 0; i < kSize; i += sizeof(uint64_t)) {
      const uint64_t bits = random->Next();
      std::memcpy(id->data() + i, &bits, sizeof bits);
    }
  } while (*id == std::array<uint8_t, kSize>());
}

void AddAddress(const runtime::Address& local, rpc::SpanAttributes* attributes) {
  if (!local.unix_path.empty()) {
    attributes->emplace_back("server.address", local.unix_path);
    return;
  }
  attributes->emplace_back("server.address", local.host);
  attributes->emplace_back("server.port", int64_t{local.port});
}

}  // namespace

// One call that is recorded.
class Tracer::Call final : public rpc::CallTrace {
 public:
  Call(Tracer* tracer, Span span, size_t bytes)
      : tracer_(*tracer),
        clock_(tracer->loop_->clock()),
        begin_(clock_.Now()),
        begin_unix_nanos_(clock_.WallNow().unix_nanos),
        span_(std::move(span)),
        bytes_(bytes) {
    span_.begin_unix_nanos = begin_unix_nanos_;
  }

  uint32_t Begin(std::string_view name, rpc::SpanAttributes attributes) override {
    Span below;
    below.trace = span_.trace;
    below.parent = span_.id;
    below.id = tracer_.NewSpanId();
    below.flags = span_.flags;
    below.name = name;
    below.begin_unix_nanos = UnixNow();
    below.attributes = std::move(attributes);
    for (auto& [key, value] : below.attributes) {
      auto* const text = std::get_if<std::string>(&value);
      if (text == nullptr || text->size() <= kTextBytesMax) continue;
      text->resize(kTextBytesMax);
      text->shrink_to_fit();
    }
    const size_t bytes = below.ByteSize();
    if (tracer_.Open(bytes)) below_.emplace(last_ + 1, Below{std::move(below), bytes});
    return ++last_;
  }

  void End(uint32_t number) override {
    auto node = below_.extract(number);
    if (!node.empty()) FinishBelow(&node.mapped());
  }

  void AddEvent(std::string_view name) override {
    Span& span = below_.empty() ? span_ : below_.rbegin()->second.span;
    if (span.events.size() < kEventsMax) span.events.push_back({UnixNow(), name});
  }

  void EndCall(const base::Status& status) override {
    for (auto& [number, below] : below_) FinishBelow(&below);
    below_.clear();
    span_.attributes.emplace_back("rpc.response.status_code", CodeText(status.code()));
    span_.failed = IsFailure(status.code());
    if (span_.failed) span_.failure = status.message();
    Finish(std::move(span_), bytes_);
  }

 private:
  struct Below {
    Span span;
    size_t bytes;
  };

  // On the wall's clock, as it was when the call began: so a jump of it makes no span end before it
  // has begun.
  int64_t UnixNow() const {
    return begin_unix_nanos_ + runtime::Duration(clock_.Now() - begin_).count();
  }

  void FinishBelow(Below* below) {
    below->span.state = span_.state;
    Finish(std::move(below->span), below->bytes);
  }
  void Finish(Span span, size_t bytes) {
    span.end_unix_nanos = UnixNow();
    tracer_.Take(std::move(span), bytes);
  }

  Tracer& tracer_;
  const runtime::Clock& clock_;
  const runtime::TimePoint begin_;
  const int64_t begin_unix_nanos_;
  Span span_;
  const size_t bytes_;
  std::map<uint32_t, Below> below_;  // by number
  uint32_t last_ = 0;
};

Tracer::Tracer(const Options& options, runtime::Loop* loop, SpanRoom* room, Sink sink)
    : options_(options),
      loop_(loop),
      room_(room),
      sink_(std::move(sink)),
      random_(options.seed),
      timer_(loop->NewTimer([this] { Flush(); })) {}

Tracer::~Tracer() {
  room_->Give(batch_.bytes);
}

std::unique_ptr<rpc::CallTrace> Tracer::Begin(const rpc::ServerCall& call) {
  std::optional<TraceContext> parent;
  if (const auto text = call.metadata().Find("traceparent")) parent = ParseTraceparent(*text);
  if (!parent.has_value() && !options_.sampler.BeginsTraces()) return nullptr;
  const TraceId id = parent.has_value() ? parent->trace : NewTraceId();
  if (!options_.sampler.Samples(parent, id)) return nullptr;
  Span span;
  span.trace = id;
  span.id = NewSpanId();
  span.kind = Span::Kind::kServer;
  span.flags = kSampledFlag;
  // Compat: also of one without a parent, as OpenTelemetry's instrumentation in Go says it.
  span.parent_is_remote = true;
  if (parent.has_value()) {
    span.parent = parent->span;
    span.flags |= parent->flags;
    span.state = ParseTracestate(call.metadata().Get("tracestate"));
  }
  const rpc::Method& method = call.method();
  span.name.reserve(method.service.size() + 1 + method.name.size());
  span.name.append(method.service).append("/").append(method.name);
  span.attributes.reserve(5);
  span.attributes.emplace_back("rpc.method", span.name);
  span.attributes.emplace_back("rpc.system.name", std::string("grpc"));
  AddAddress(call.connection().local, &span.attributes);
  const size_t bytes = span.ByteSize();
  if (!Open(bytes)) return nullptr;
  return std::make_unique<Call>(this, std::move(span), bytes);
}

SpanId Tracer::NewSpanId() {
  SpanId id;
  Fill(&id, &random_);
  return id;
}

TraceId Tracer::NewTraceId() {
  TraceId id;
  Fill(&id, &random_);
  return id;
}

bool Tracer::Open(size_t bytes) {
  if (open_bytes_ + bytes > options_.open_bytes_max) {
    room_->Drop(1, 0);
    return false;
  }
  open_bytes_ += bytes;
  return true;
}

void Tracer::Take(Span span, size_t open_bytes) {
  open_bytes_ -= open_bytes;
  const size_t bytes = span.ByteSize();
  if (!room_->Take(bytes)) return;
  if (batch_.spans.empty()) timer_->Arm(options_.batch_delay);
  batch_.spans.push_back(std::move(span));
  batch_.bytes += bytes;
  if (batch_.spans.size() >= options_.batch_spans || batch_.bytes >= options_.batch_bytes) Flush();
}

void Tracer::Flush() {
  if (batch_.spans.empty()) return;
  timer_->Disarm();
  sink_(std::exchange(batch_, Batch()));
}

}  // namespace trace
