#include "server/late_heartbeats.h"

#include "state/members/member.h"

namespace server {
namespace {

constexpr observe::Family kLate = {
    "etcd_server_heartbeat_send_failures_total",
    "Heartbeats that this member as a leader sent too late to others."};

}  // namespace

LateHeartbeats::LateHeartbeats(runtime::Duration interval, const observe::Logger* logger,
                               observe::Registry* registry)
    : interval_(interval), logger_(*logger), late_(registry->AddCounter(kLate)) {}

void LateHeartbeats::OnSend(const std::vector<raft::Message>& messages, runtime::TimePoint now) {
  for (const raft::Message& message : messages) {
    if (message.type == raft::MessageType::kHeartbeat) OnHeartbeat(message.to, now);
  }
}

void LateHeartbeats::OnHeartbeat(base::MemberId to, runtime::TimePoint now) {
  const auto [at, is_first] = sent_.try_emplace(to, now);
  const runtime::Duration exceeded = now - at->second - 2 * interval_;
  at->second = now;
  if (is_first || exceeded <= runtime::Duration(0)) return;
  late_.Add();
  logger_.Warn("leader failed to send out heartbeat on time; took too long, leader is overloaded",
               {{"to", members::HexText(to.value())},
                {"heartbeat-interval", interval_},
                {"expected-duration", 2 * interval_},
                {"exceeded-duration", exceeded}});
}

}  // namespace server
