#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace trace {

// How much is held of spans that have ended and have not been sent, by all loops together. Any
// thread, without waiting.
class SpanRoom {
 public:
  explicit SpanRoom(size_t bytes_max) : bytes_max_(bytes_max) {}

  // False, with a span counted as dropped, if there is no room for so many bytes. Loops that ask at
  // the same time may be refused together where one of them would not.
  [[nodiscard]] bool Take(size_t bytes) {
    if (bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
    Drop(1, bytes);
    return false;
  }
  // Gives back what was taken for spans that are dropped.
  void Drop(size_t spans, size_t bytes) {
    Give(bytes);
    dropped_.fetch_add(spans, std::memory_order_relaxed);
  }
  void Give(size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // Spans for which there was no room.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> bytes_ = 0;
  std::atomic<uint64_t> dropped_ = 0;
};

}  // namespace trace
