#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/net_thread.h"
#include "app/network_metrics.h"
#include "app/tls_files.h"
#include "base/result.h"
#include "config/server_config.h"
#include "net/http/plain.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/asio/loop.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/workers.h"
#include "server/server.h"

namespace app {

// A member as a process: its threads, its listeners, and what they are made of. Start, Stop and
// the destructor belong to the thread that makes it.
class App {
 public:
  // Starts a member. `config` is valid; `logger` outlives the app.
  static base::Result<std::unique_ptr<App>> Start(const config::ServerConfig& config,
                                                  const observe::Logger* logger);
  ~App();

  // Stops serving, brings what is applied into the database, and ends the threads.
  void Stop();

 private:
  App(const config::ServerConfig& config, const observe::Logger* logger);

  void OpenMetrics();
  base::Status OpenTls();
  base::Status CheckPortsAreFree();
  base::Status OpenServer();
  server::Environment NewEnvironment();
  // On a worker, once the member is ready.
  void Serve();
  void LogListeners() const;
  void RefreshTlsLater();

  config::ServerConfig config_;
  const observe::Logger& logger_;
  runtime::posix::Disk disk_;
  runtime::asio::LoopThread raft_thread_;
  runtime::asio::LoopThread apply_thread_;
  runtime::asio::LoopThread wal_thread_;
  runtime::asio::LoopThread backend_thread_;
  std::vector<std::unique_ptr<NetThread>> net_threads_;  // outlive the server
  std::vector<ListenerPlan> plans_;
  std::unique_ptr<TlsFiles> tls_;
  observe::Registry registry_;
  NetworkMetrics network_metrics_;
  web::HealthMetrics health_metrics_;
  http::PlainService::Endpoint metrics_;
  std::unique_ptr<server::Server> server_;
  // What they are at work on ends before the rest goes.
  runtime::posix::Workers workers_;
  std::unique_ptr<runtime::posix::Workers> handshake_workers_;  // null without TLS
  std::mutex serving_mutex_;
  bool stopped_ = false;  // guarded by serving_mutex_
};

}  // namespace app
