#include "api/v3/quota.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "server/alarm.h"

namespace v3 {

base::Status Quota::Check(uint64_t cost) {
  const int64_t quota = server_.options().quota_backend_bytes;
  if (cost == 0) return {};
  if (server_.progress().disk_is_low) return base::errors::kNoSpace;
  if (quota <= 0) return {};
  const uint64_t used = frontend_.state()->database().sizes().in_use;
  if (used + cost < static_cast<uint64_t>(quota)) return {};
  if (!server_.progress().is_compacting) RaiseAlarm();
  return base::errors::kNoSpace;
}

void Quota::RaiseAlarm() {
  const auto view = frontend_.state()->view().Get();
  const bool is_on = std::any_of(view->alarms.begin(), view->alarms.end(), [](const auto& alarm) {
    return alarm.type == alarms::Type::kNoSpace;
  });
  if (is_on || std::exchange(raising_, true)) return;
  server::RaiseAlarm(&frontend_, alarms::Type::kNoSpace, server_.id(),
                     [this](const apply::Reply&) { raising_ = false; });
}

}  // namespace v3
