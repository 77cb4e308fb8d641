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
#include "net/http/server.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "server/server.h"

namespace app {

// One of the threads that own connections: it decodes, checks and encodes, and serves reads itself.
// Destroyed after the member that it serves.
class NetThread {
 public:
  explicit NetThread(const std::string& name);
  ~NetThread();

  runtime::Loop& loop() { return thread_.loop(); }

  // What is held for clients at most.
  static http::LoopBudget::Options BudgetOf(const server::Options& options);

  // Fails if somebody listens at `address`.
  base::Status CheckPortIsFree(const runtime::Address& address);

  // Serves the member at these listeners from now on, as one of `thread_count` threads that do.
  struct Parts {
    const config::ServerConfig* config;
    server::Server* server;
    size_t origin;  // which of the server's frontends is this thread's
    TlsFiles* tls;  // null if no listener needs it
    runtime::Workers* handshake_workers;
    const http::PlainService::Endpoint* metrics;  // GET /metrics
    NetworkMetrics* counts;
    web::HealthMetrics* health;
    std::shared_ptr<http::MemberBudget> budget;  // of all threads
  };
  base::Status Open(const Parts& parts, const std::vector<ListenerPlan>& plans,
                    size_t thread_count);
  // Closes every connection, and takes no others.
  void Close();
  // Runs `task` on the thread, once; replaces one that waits.
  void RunAfter(runtime::Duration delay, base::Callback<void()> task);
  // Ends the thread.
  void Stop() { thread_.Stop(); }

 private:
  // What the thread serves with. Answers may be on their way to it as long as the member lives.
  struct Services;

  base::Status Listen(const Parts& parts, const ListenerPlan& plan, size_t thread_count);

  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace app
