#include "net/peer/prober.h"

#include <chrono>
#include <utility>

#include "net/peer/peer_headers.h"
#include "net/peer/probe_answer.h"

namespace peer {
namespace {

constexpr size_t kAnswerBytesMax = 1024;
// Of one that is new, against what was measured before.
constexpr int64_t kWeight = 8;

}  // namespace

Prober::Prober(PeerContext* context)
    : context_(*context),
      probe_timer_(context->loop().NewTimer([this] { Probe(); })),
      report_timer_(context->loop().NewTimer([this] { Report(); })) {
  probe_timer_->Arm(kInterval);
  report_timer_->Arm(kReportInterval);
}

void Prober::Probe() {
  probe_timer_->Arm(kInterval);
  Endpoints::Endpoint* const endpoint = context_.endpoints.current();
  if (endpoint == nullptr) return;
  const runtime::TimePoint sent = context_.loop().clock().Now();
  endpoint->client->Fetch(RequestHead("GET", "/raft/probing", endpoint->authority, context_.self),
                          {}, kAnswerBytesMax, kInterval,
                          [this, alive = std::weak_ptr(alive_), sent](const auto& answer) {
                            if (!alive.expired()) OnAnswer(sent, answer);
                          });
}

void Prober::OnAnswer(runtime::TimePoint sent, const base::Result<http::Client::Answer>& answer) {
  const runtime::Duration took = context_.loop().clock().Now() - sent;
  const auto now = answer.ok() ? DecodeProbeAnswer(answer->body) : answer.status();
  healthy_ = now.ok();
  failure_ = now.status();
  if (!healthy_) return;
  round_trip_ = measured_ ? round_trip_ + (took - round_trip_) / kWeight : took;
  measured_ = true;
  const runtime::WallTime own = context_.loop().clock().WallNow();
  clock_difference_ = runtime::Duration(own.unix_nanos - now->unix_nanos) - took / 2;
}

void Prober::Report() {
  report_timer_->Arm(kReportInterval);
  const observe::Logger& logger = context_.logger();
  if (!healthy_) {
    logger.Warn("prober detected unhealthy status",
                {{"remote-peer-id", context_.name}, {"error", failure_.message()}});
  }
  if (!measured_) return;
  if (std::chrono::abs(clock_difference_) > kClockDifferenceMax) {
    logger.Warn("prober found high clock drift", {{"remote-peer-id", context_.name},
                                                  {"clock-drift", clock_difference_},
                                                  {"rtt", round_trip_}});
  }
  context_.metrics.round_trip_seconds.Observe(round_trip_);
  context_.metrics.clock_difference_seconds.Set(
      std::chrono::duration<double>(clock_difference_).count());
}

}  // namespace peer
