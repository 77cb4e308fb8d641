#include "net/http/ping_policy.h"

#include <utility>

namespace http {

bool PingPolicy::OnPing(runtime::TimePoint now, bool has_streams) {
  const auto previous = std::exchange(last_ping_, now);
  if (std::exchange(forgive_, false)) {
    strikes_ = 0;
    return true;
  }
  const bool may_ping = has_streams || keepalive_.permit_without_streams;
  const runtime::Duration wanted = may_ping ? keepalive_.min_interval : kIdleInterval;
  if (previous.has_value() && now < *previous + wanted) ++strikes_;
  return strikes_ <= kMaxStrikes;
}

}  // namespace http
