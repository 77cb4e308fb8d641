#include "api/admission/meter.h"

#include <utility>

namespace admission {
namespace {

runtime::Duration BurstOf(const admissionpb::Rule& rule) {
  constexpr std::chrono::milliseconds kDefault{1000};
  const uint64_t burst = rule.burst_milliseconds();
  return burst == 0 ? kDefault : std::chrono::milliseconds(burst);
}

std::shared_ptr<http::SharedBudget> MemoryOf(const admissionpb::Rule& rule, size_t memory_bytes) {
  if (rule.memory_percent() == 0) return nullptr;
  return std::make_shared<http::SharedBudget>(memory_bytes / 100 * rule.memory_percent());
}

}  // namespace

std::string_view NameOf(Limit limit) {
  switch (limit) {
    case Limit::kRequests:
      return "requests";
    case Limit::kBytes:
      return "bytes";
    case Limit::kMemory:
      return "memory";
  }
  return "";
}

Meter::Meter(admissionpb::Rule rule, size_t memory_bytes)
    : rule_(std::move(rule)),
      requests_(rule_.requests_per_second(), BurstOf(rule_)),
      bytes_(rule_.bytes_per_second(), BurstOf(rule_)),
      memory_(MemoryOf(rule_, memory_bytes)) {}

Meter::~Meter() {
  if (memory_ != nullptr) memory_->Lift();
}

std::optional<Meter::Obstacle> Meter::Look(runtime::TimePoint now) const {
  if (memory_ != nullptr && memory_->room() == 0) return Obstacle{Limit::kMemory, kMemoryWait};
  const runtime::Duration for_request = requests_.Wait(now);
  const runtime::Duration for_bytes = bytes_.Wait(now);
  if (for_request == runtime::Duration() && for_bytes == runtime::Duration()) return std::nullopt;
  return for_bytes > for_request ? Obstacle{Limit::kBytes, for_bytes}
                                 : Obstacle{Limit::kRequests, for_request};
}

void Meter::TakeRequest(size_t bytes, runtime::TimePoint now) {
  ++admitted_;
  requests_.Take(1, now);
  TakeAnswer(bytes, now);
}

void Meter::TakeAnswer(size_t bytes, runtime::TimePoint now) {
  counted_bytes_ += bytes;
  bytes_.Take(bytes, now);
}

}  // namespace admission
