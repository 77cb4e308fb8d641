#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace http {

// A counter that one thread adds to and any thread reads: no locked instruction on the hot path.
class Counter {
 public:
  void Add(uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  void Subtract(uint64_t count = 1) { Add(~count + 1); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

// Why a peer was cut off or refused; one counter each.
enum class Abuse : uint8_t {
  kRapidReset,
  kContinuationFlood,
  kHeaderListTooLarge,
  kPingFlood,
  kTooManyPings,
  kSettingsFlood,
  kPriorityFlood,
  kWindowUpdateFlood,
  kEmptyFrameFlood,
  kSlowHandshake,
  kTooManyHandshakes,
  kSlowHeaders,
  kIdle,
  kStalledReader,
  kTooManyConnections,
  kMalformedHttp1,
  kMalformedHttp2,
  kOverBudget,
  kCount,
};

// As the peer is told, and as the metric's label.
std::string_view AbuseText(Abuse kind);

// What one loop's connections did since it started. Written on the loop, read by any thread.
struct Counters {
  Counter connections_accepted;
  Counter connections_open;
  Counter streams_opened;
  Counter streams_open;
  Counter bytes_received;
  Counter bytes_sent;
  // What was read of HTTP/2 header blocks, after decompression.
  Counter header_bytes_received;
  Counter keepalive_timeouts;
  Counter protocol_errors;
  std::array<Counter, static_cast<size_t>(Abuse::kCount)> abuse;

  Counter& of(Abuse kind) { return abuse[static_cast<size_t>(kind)]; }
};

}  // namespace http
