#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/web/health_metrics.h"
#include "app/listeners.h"
#include "app/network_metrics.h"
#include "app/tls_files.h"
#include "config/server_config.h"
#include "net/http/plain.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/asio/shared_listener.h"
#include "runtime/posix/loop_pool.h"
#include "server/server.h"

namespace app {

// One of the threads that own connections: it decodes, checks and encodes, and serves reads itself.
// Destroyed after the member that it serves.
class NetThread {
 public:
  // The thread lends itself to `pool`, where the member's loops are, which outlives it.
  NetThread(const std::string& name, runtime::posix::LoopPool* pool);
  ~NetThread();

  runtime::Loop& loop() { return thread_.loop(); }

  // How much is held for clients at most.
  static http::LoopBudget::Options BudgetOf(const config::ClientApiConfig& config,
                                            const server::Options& options);

  // Serves the member from now on, at the surfaces of these listeners.
  struct Parts {
    const config::ServerConfig* config;
    server::Server* server;
    size_t origin;  // which of the server's frontends is this thread's
    TlsFiles* tls;  // null if no listener needs it
    runtime::Workers* handshake_workers;
    runtime::Workers* workers;  // for short work: scrapes, giving memory back
    const observe::Registry* registry;
    NetworkMetrics* counts;
    web::HealthMetrics* health;
    std::shared_ptr<http::MemberBudget> budget;  // of all threads
  };
  void Open(const Parts& parts, const std::vector<ListenerPlan>& plans);
  // What takes the connections of the listener that was planned so. Valid until Close.
  runtime::asio::SharedListener::Taker TakerOf(const ListenerPlan& plan);
  // Shows probes that it is not ready any more, and lets the requests of all surfaces but kMetrics
  // end: `on_drained` runs on the thread when no connection of these is left, unless Close comes
  // before. Their listeners have stopped.
  void Drain(base::Callback<void()> on_drained);
  // Closes every connection, and takes no others.
  void Close();
  // Runs `task` on the thread, once; replaces one that waits.
  void RunAfter(runtime::Duration delay, base::Callback<void()> task);
  // Ends the thread.
  void Stop() { thread_.Stop(); }

 private:
  // What the thread serves with. Answers may be on their way to it as long as the member lives.
  struct Services;

  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace app
