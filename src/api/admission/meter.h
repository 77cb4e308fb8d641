#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/admission/bucket.h"
#include "net/http/budget.h"
#include "proto/admission.pb.h"
#include "runtime/time.h"

namespace admission {

// What a rule limits.
enum class Limit : uint8_t { kRequests, kBytes, kMemory };
inline constexpr std::array kLimits = {Limit::kRequests, Limit::kBytes, Limit::kMemory};
std::string_view NameOf(Limit limit);

// What one rule has let in at this member, and what is left of it. Any thread.
class Meter {
 public:
  // `memory_bytes` is what the member may hold for its clients.
  Meter(admissionpb::Rule rule, size_t memory_bytes);
  // Connections that count to its memory are bounded by it no more.
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  const admissionpb::Rule& rule() const { return rule_; }
  // What the connections of the rule's user hold; null if the rule does not limit that.
  const std::shared_ptr<http::SharedBudget>& memory() const { return memory_; }

  // What is in the way of a further request, and for how long.
  struct Obstacle {
    Limit limit;
    runtime::Duration wait;
  };
  std::optional<Obstacle> Look(runtime::TimePoint now) const;
  // A request comes in; or its answer goes out.
  void TakeRequest(size_t bytes, runtime::TimePoint now);
  void TakeAnswer(size_t bytes, runtime::TimePoint now);
  void CountRefused(Limit limit) { ++refused_[static_cast<size_t>(limit)]; }

  uint64_t admitted() const { return admitted_; }
  uint64_t bytes() const { return counted_bytes_; }
  uint64_t refused(Limit limit) const { return refused_[static_cast<size_t>(limit)]; }

  // When it is worth looking again whether there is memory: nobody knows when there will be.
  static constexpr runtime::Duration kMemoryWait = std::chrono::seconds(1);

 private:
  const admissionpb::Rule rule_;
  Bucket requests_;
  Bucket bytes_;
  const std::shared_ptr<http::SharedBudget> memory_;
  std::atomic<uint64_t> admitted_ = 0;
  std::atomic<uint64_t> counted_bytes_ = 0;
  std::array<std::atomic<uint64_t>, kLimits.size()> refused_ = {};
};

}  // namespace admission
