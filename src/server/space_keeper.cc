#include "server/space_keeper.h"

#include <algorithm>
#include <utility>

#include "server/alarm.h"
#include "state/members/member.h"

namespace server {
namespace {

constexpr runtime::Duration kInterval = std::chrono::milliseconds(500);
constexpr runtime::Duration kRoomyFor = std::chrono::seconds(10);

bool HasAlarm(const std::vector<alarms::Alarm>& alarms, base::MemberId member) {
  return std::any_of(alarms.begin(), alarms.end(), [member](const alarms::Alarm& alarm) {
    return alarm.type == alarms::Type::kNoSpace && alarm.member == member;
  });
}

}  // namespace

SpaceKeeper::SpaceKeeper(const Options& options, const Environment& environment, Parts parts)
    : options_(options),
      environment_(environment),
      parts_(parts),
      timer_(environment.apply_loop->NewTimer([this] { Look(); })) {}

void SpaceKeeper::Start() {
  Look();
}

void SpaceKeeper::Look() {
  timer_->Arm(kInterval);
  // Where the workers are too busy the next look will do.
  (void)environment_.log_workers->Run([room = parts_.room] { room->Measure(); },
                                      environment_.apply_loop, [this] { LookAtAlarms(); });
}

void SpaceKeeper::LookAtAlarms() {
  if (changing_ || !is_ready_) return;
  const auto state = parts_.apply_loop->state().Get();
  const auto alarms = state->view().Get()->alarms;
  const auto in_use = static_cast<double>(state->database().sizes().in_use);
  const auto quota = static_cast<double>(options_.quota_backend_bytes);
  const bool is_on = HasAlarm(alarms, parts_.self);
  const bool is_full = quota > 0 && in_use >= quota;
  if (is_full || parts_.progress->disk_is_low) {
    needless_.reset();
    const bool is_settled = parts_.progress->disk_is_low || !parts_.progress->is_compacting;
    if (!is_on && is_settled) Change(parts_.self, /*raise=*/true);
    return;
  }
  if (!options_.clear_space_alarm) return;
  const bool is_roomy = parts_.room->is_roomy() && (quota <= 0 || in_use < 0.9 * quota);
  // This member's own, or that of one which has been removed.
  std::optional<base::MemberId> needless;
  if (is_on && is_roomy) needless = parts_.self;
  const bool leads = parts_.progress->leader == parts_.self.value();
  const auto& members = parts_.apply_loop->members().members();
  for (const alarms::Alarm& alarm : alarms) {
    const bool is_gone = alarm.type == alarms::Type::kNoSpace && !members.contains(alarm.member);
    if (leads && is_gone && !needless.has_value()) needless = alarm.member;
  }
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  if (needless != needless_) needless_since_ = now;
  needless_ = needless;
  if (needless.has_value() && now - needless_since_ >= kRoomyFor) {
    Change(*needless, /*raise=*/false);
  }
}

void SpaceKeeper::Change(base::MemberId member, bool raise) {
  changing_ = true;
  const auto propose = raise ? RaiseAlarm : DisarmAlarm;
  propose(parts_.frontend, alarms::Type::kNoSpace, member,
          [this, member, raise](const apply::Reply& reply) {
            changing_ = false;
            if (!reply.status.ok()) return;
            needless_.reset();
            if (raise) return;
            environment_.logger->Info("there is room again",
                                      {{"member-id", members::HexText(member.value())}});
          });
}

}  // namespace server
