#include "net/http/counters.h"

#include "base/check.h"

namespace http {

std::string_view AbuseText(Abuse kind) {
  static constexpr std::array<std::string_view, static_cast<size_t>(Abuse::kCount)> kTexts = {
      "rapid_reset",
      "continuation_flood",
      "header_list_too_large",
      "ping_flood",
      "too_many_pings",
      "settings_flood",
      "priority_flood",
      "window_update_flood",
      "empty_frame_flood",
      "slow_handshake",
      "too_many_handshakes",
      "slow_headers",
      "idle",
      "stalled_reader",
      "too_many_connections",
      "malformed_http1",
      "malformed_http2",
      "over_budget"};
  CHECK(kind < Abuse::kCount);
  return kTexts[static_cast<size_t>(kind)];
}

}  // namespace http
