#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/time.h"

namespace server {

// How long appends to one other member took: from when the first of those that went together was
// there to be sent until the connection had taken them, or, of a request each, until its answer.
// One thread counts, any reads.
class AppendTimes {
 public:
  void Succeeded(runtime::Duration took);
  void Failed() { failures_.fetch_add(1, std::memory_order_relaxed); }

  // Milliseconds, and numbers of messages. What is counted meanwhile may be in some of them alone.
  struct Values {
    double current = 0;
    double average = 0;
    double standard_deviation = 0;
    double minimum = 0;
    double maximum = 0;
    uint64_t failures = 0;
    uint64_t successes = 0;
  };
  Values Get() const;

 private:
  std::atomic<double> current_ = 0;
  std::atomic<double> sum_ = 0;
  std::atomic<double> square_sum_ = 0;
  std::atomic<double> minimum_ = 0;
  std::atomic<double> maximum_ = 0;
  std::atomic<uint64_t> failures_ = 0;
  std::atomic<uint64_t> successes_ = 0;
};

}  // namespace server
