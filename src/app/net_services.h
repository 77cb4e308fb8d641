#pragma once

#include <map>
#include <memory>
#include <optional>

#include "api/admission/meters.h"
#include "api/v2/service.h"
#include "api/v2/totals.h"
#include "api/v3/services.h"
#include "api/web/health.h"
#include "api/web/health_metrics.h"
#include "app/call_report.h"
#include "app/listeners.h"
#include "app/network_metrics.h"
#include "app/profile_endpoints.h"
#include "app/tls_files.h"
#include "app/tracing.h"
#include "config/server_config.h"
#include "net/gateway/access_control.h"
#include "net/gateway/gateway.h"
#include "net/http/limits.h"
#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/rpc/health.h"
#include "net/rpc/server.h"
#include "runtime/network.h"
#include "runtime/posix/heap.h"
#include "runtime/workers.h"
#include "server/server.h"

namespace app {

// Everything that serves a member's clients on one net loop: gRPC, JSON, health, metrics. It needs
// the loop and, for each surface, a network; real or simulated. Belongs to the loop, and is
// destroyed after the member: answers may be on their way to it as long as that lives.
class NetServices {
 public:
  // All outlive this.
  struct Parts {
    const config::ServerConfig* config;
    server::Server* server;
    size_t origin;  // which of the server's frontends is this loop's
    TlsFiles* tls;  // null if no listener needs it
    runtime::Workers* handshake_workers;
    runtime::Workers* workers;  // for short work: scrapes, giving memory back
    void (*trim_heap)();        // gives memory back; on a worker
    // What malloc has; on a worker.
    runtime::posix::HeapUse (*measure_heap)() = [] { return runtime::posix::HeapUse(); };
    const observe::Registry* registry;
    NetworkMetrics* counts;
    web::HealthMetrics* health;
    std::shared_ptr<http::SharedBudget> budget;  // of all loops
    v3::Identification identification;           // of clients
    admission::Meters* meters;                   // of the member
    v2::Totals* v2_totals = nullptr;             // likewise; null without --enable-v2
    Tracing* tracing = nullptr;                  // null: no call is traced
    http::Limits limits = {};                    // of each connection
  };
  NetServices(const Parts& parts, runtime::Loop* loop);

  // How much is held for clients at most.
  static http::LoopBudget::Options BudgetOf(const config::ClientApiConfig& config,
                                            const server::Options& options);

  // For all loops of a member, which outlives them.
  static std::unique_ptr<admission::Meters> NewMeters(const config::ClientApiConfig& config,
                                                      server::Server* server);

  // Serves connections of such listeners too, which `network` makes.
  void AddServer(Surface surface, runtime::Network* network);
  // Of a surface that was added.
  http::Server& ServerOf(Surface surface) { return servers_.find(surface)->second; }
  // How the listener's connections are served.
  http::Server::Listening ListeningOf(const ListenerPlan& plan) const;

  // Shows probes that the member is not ready any more, and lets the requests of all surfaces but
  // kMetrics end: `on_drained` runs when no connection of these is left, unless Close comes before.
  void Drain(base::Callback<void()> on_drained);
  // Ends all connections, and with them all calls.
  void Close();

 private:
  // What serves paths that are none of the JSON interface.
  http::Service* OtherPaths();
  void AddEndpoints();
  void ServeMetrics(const http::PlainRequest& request, http::Responder responder);
  void ServeVars(const http::PlainRequest& request, http::Responder responder);
  http::Service* ServiceOf(Surface surface);

  const Parts parts_;
  runtime::Loop* const loop_;
  web::Health health_;
  v3::Services v3_;
  rpc::Health grpc_health_;
  CallReport calls_;
  std::unique_ptr<trace::Tracer> tracer_;  // null: no call is traced
  http::PlainService monitoring_;
  http::PlainService plain_;
  std::optional<ProfileEndpoints> profiles_;  // if they are asked for
  std::optional<v2::Service> v2_;             // if it is asked for
  gateway::Gateway gateway_;
  gateway::AccessControl web_;  // what is no gRPC
  rpc::Server table_;
  std::map<Surface, http::Server> servers_;
};

}  // namespace app
