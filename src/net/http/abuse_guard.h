#pragma once

#include <cstdint>
#include <optional>

#include "net/http/counters.h"
#include "net/http/frame_scanner.h"
#include "net/http/limits.h"
#include "runtime/time.h"

namespace http {

// Decides when one HTTP/2 peer has asked for too much work that brings it nothing. Only counts:
// it sees no bytes, closes nothing and owns nothing. Each answer names the abuse, or nothing.
class AbuseGuard {
 public:
  using Verdict = std::optional<Abuse>;

  AbuseGuard(const Limits& limits, runtime::TimePoint now);

  // A frame of the peer begins.
  Verdict OnFrame(const FrameHeader& frame, const runtime::Clock& clock);
  // The peer reset a stream that it had opened itself; `is_late` if it had said how long it would
  // wait, or had nothing to wait for.
  Verdict OnResetByPeer(bool is_late, const runtime::Clock& clock);
  // A request had to be refused that no honest client sends. Whether that may happen again.
  [[nodiscard]] bool OnMistake(const runtime::Clock& clock) { return mistakes_.Take(clock.Now()); }
  // Of the header block that arrives, or came last: its bytes as they are sent.
  size_t block_bytes() const { return block_bytes_; }
  // We sent HEADERS or DATA of that length.
  void OnFrameSent(size_t length);

 private:
  // Invariant: tokens <= burst.
  class Bucket {
   public:
    Bucket(Limits::Rate rate, runtime::TimePoint now)
        : rate_(rate), tokens_(rate.burst), refilled_at_(now) {}
    // False if there is no token left.
    bool Take(runtime::TimePoint now);

   private:
    Limits::Rate rate_;
    uint32_t tokens_;
    runtime::TimePoint refilled_at_;
  };

  const Limits& limits_;
  Bucket resets_;
  Bucket late_resets_;
  Bucket settings_;
  Bucket priorities_;
  Bucket empty_frames_;
  Bucket mistakes_;
  void EarnWindowUpdates(uint32_t count);
  Verdict OnContinuation(size_t length);

  uint32_t continuations_ = 0;
  size_t block_bytes_ = 0;
  uint32_t ping_credit_;
  uint32_t window_update_credit_;
};

}  // namespace http
