#pragma once

#include <memory>

#include "net/http/client.h"
#include "net/peer/peer_context.h"

namespace peer {

// Measures how far away one peer is, in time: asks it every kInterval for its clock, and tells the
// smoothed round trip to the metrics and what is wrong to the log every kReportInterval. Of the
// peer loop.
class Prober {
 public:
  static constexpr runtime::Duration kInterval = std::chrono::seconds(4);
  static constexpr runtime::Duration kReportInterval = std::chrono::seconds(30);
  static constexpr runtime::Duration kClockDifferenceMax = std::chrono::seconds(1);

  explicit Prober(PeerContext* context);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

 private:
  void Probe();
  void OnAnswer(runtime::TimePoint sent, const base::Result<http::Client::Answer>& answer);
  void Report();

  PeerContext& context_;
  bool healthy_ = false;
  bool measured_ = false;
  base::Status failure_;
  runtime::Duration round_trip_{0};        // smoothed
  runtime::Duration clock_difference_{0};  // the peer's is behind by so much
  const std::unique_ptr<runtime::Timer> probe_timer_;
  const std::unique_ptr<runtime::Timer> report_timer_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace peer
