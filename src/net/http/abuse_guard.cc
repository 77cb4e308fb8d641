#include "net/http/abuse_guard.h"

#include <algorithm>

namespace http {
namespace {

// A long busy time does not earn a flood: credit stops here.
constexpr uint32_t kMaxCredit = 100'000;

bool Spend(uint32_t& credit) {
  if (credit == 0) return false;
  --credit;
  return true;
}

}  // namespace

AbuseGuard::AbuseGuard(const Limits& limits, runtime::TimePoint now)
    : limits_(limits),
      resets_(limits.resets, now),
      late_resets_(limits.late_resets, now),
      settings_(limits.settings, now),
      priorities_(limits.priorities, now),
      empty_frames_(limits.empty_frames, now),
      mistakes_(limits.mistakes, now),
      ping_credit_(limits.pings_initial),
      window_update_credit_(limits.window_updates_initial) {}

AbuseGuard::Verdict AbuseGuard::OnFrame(const FrameHeader& frame, const runtime::Clock& clock) {
  switch (frame.kind) {
    case FrameKind::kData:
      if (frame.length > 0 || frame.ends_stream()) return std::nullopt;
      return empty_frames_.Take(clock.Now()) ? Verdict() : Abuse::kEmptyFrameFlood;
    case FrameKind::kHeaders:
      continuations_ = 0;
      block_bytes_ = frame.length;
      EarnWindowUpdates(limits_.window_updates_per_stream);
      return std::nullopt;
    case FrameKind::kContinuation:
      return OnContinuation(frame.length);
    case FrameKind::kPriority:
      return priorities_.Take(clock.Now()) ? Verdict() : Abuse::kPriorityFlood;
    case FrameKind::kSettings:
      if (frame.acknowledges()) return std::nullopt;
      return settings_.Take(clock.Now()) ? Verdict() : Abuse::kSettingsFlood;
    case FrameKind::kPing:
      if (frame.acknowledges()) return std::nullopt;
      return Spend(ping_credit_) ? Verdict() : Abuse::kPingFlood;
    case FrameKind::kWindowUpdate:
      return Spend(window_update_credit_) ? Verdict() : Abuse::kWindowUpdateFlood;
    default:  // RST_STREAM is counted by OnResetByPeer, for streams that exist
      return std::nullopt;
  }
}

AbuseGuard::Verdict AbuseGuard::OnContinuation(size_t length) {
  ++continuations_;
  block_bytes_ += length;
  if (block_bytes_ > limits_.max_header_block) return Abuse::kHeaderListTooLarge;
  const size_t earned = block_bytes_ / limits_.bytes_per_continuation;
  if (continuations_ > limits_.max_continuations + earned) return Abuse::kContinuationFlood;
  return std::nullopt;
}

AbuseGuard::Verdict AbuseGuard::OnResetByPeer(bool is_late, const runtime::Clock& clock) {
  Bucket& bucket = is_late ? late_resets_ : resets_;
  return bucket.Take(clock.Now()) ? Verdict() : Abuse::kRapidReset;
}

void AbuseGuard::OnFrameSent(size_t length) {
  ping_credit_ = std::min(ping_credit_ + limits_.pings_per_frame_sent, kMaxCredit);
  EarnWindowUpdates(limits_.window_updates_per_frame_sent +
                    static_cast<uint32_t>(length) / limits_.bytes_sent_per_window_update);
}

void AbuseGuard::EarnWindowUpdates(uint32_t count) {
  window_update_credit_ = std::min(window_update_credit_ + count, kMaxCredit);
}

bool AbuseGuard::Bucket::Take(runtime::TimePoint now) {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - refilled_at_);
  // Whole tokens only, so that many small steps refill as much as one long one.
  const int64_t earned = passed.count() * rate_.per_second / 1000;
  if (earned > 0) {
    tokens_ = static_cast<uint32_t>(std::min<int64_t>(tokens_ + earned, rate_.burst));
    refilled_at_ = now;
  }
  return Spend(tokens_);
}

}  // namespace http
