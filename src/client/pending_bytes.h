#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace client {

// Bounds what the calls of one client hold for their requests, from the moment they are asked for.
// Any thread.
class PendingBytes {
 public:
  // What a call costs beside the bytes of its request.
  static constexpr size_t kCallBytes = 1024;

  explicit PendingBytes(size_t max) : total_(std::make_shared<Total>(max)) {}

  // The part of one call; its end gives it back, also after that of the PendingBytes.
  class Share;
  // None if there is no room. A call is let in whatever it holds if it is the only one.
  std::optional<Share> Take(size_t request_bytes);

 private:
  struct Total {
    explicit Total(size_t limit) : max(limit) {}
    const size_t max;
    std::atomic<size_t> bytes = 0;
  };
  const std::shared_ptr<Total> total_;
};

class PendingBytes::Share {
 public:
  Share(Share&& other) noexcept
      : total_(std::move(other.total_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Share& operator=(Share&&) = delete;
  ~Share() {
    if (bytes_ > 0) total_->bytes -= bytes_;
  }

 private:
  friend class PendingBytes;
  Share(std::shared_ptr<Total> total, size_t bytes) : total_(std::move(total)), bytes_(bytes) {}

  std::shared_ptr<Total> total_;
  size_t bytes_;
};

inline std::optional<PendingBytes::Share> PendingBytes::Take(size_t request_bytes) {
  const size_t bytes = request_bytes + kCallBytes;
  const size_t before = total_->bytes.fetch_add(bytes);
  Share share(total_, bytes);
  if (before > 0 && before + bytes > total_->max) return std::nullopt;
  return share;
}

}  // namespace client
