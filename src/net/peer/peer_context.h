#pragma once

#include <memory>
#include <string>

#include "net/peer/endpoints.h"
#include "net/peer/environment.h"
#include "net/peer/identity.h"
#include "net/peer/local_member.h"
#include "net/peer/metrics.h"
#include "runtime/time.h"
#include "server/append_times.h"

namespace peer {

// What the parts of one other member have in common. Outlives them; of the peer loop.
struct PeerContext {
  const Environment& environment;
  const Identity& self;
  LocalMember& local;
  const base::MemberId id;
  const std::string name;  // the id, as logs have it
  const std::string self_name;
  // From the first packet to the end of the TLS handshake.
  const runtime::Duration dial_timeout;
  PeerMetrics metrics;
  Endpoints endpoints;
  const std::shared_ptr<server::AppendTimes> append_times = std::make_shared<server::AppendTimes>();

  runtime::Loop& loop() const { return *environment.loop; }
  const observe::Logger& logger() const { return *environment.server->logger; }

  // What was to be sent did not get there.
  void ReportUnreachable() {
    metrics.sent_failures.Add();
    local.ReportUnreachable(id);
  }
};

}  // namespace peer
