#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/identity/passwords.h"
#include "api/identity/token_provider.h"
#include "app/bootstrap.h"
#include "app/net_thread.h"
#include "app/network_metrics.h"
#include "app/peers.h"
#include "app/refused_connections.h"
#include "app/stop_watch.h"
#include "app/tls_files.h"
#include "app/tracing.h"
#include "base/result.h"
#include "config/server_config.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/shared_listener.h"
#include "runtime/posix/disk.h"
#include "runtime/posix/loop_pool.h"
#include "runtime/posix/workers.h"
#include "server/raft_trace.h"
#include "server/server.h"

namespace app {

// A member as a process: its threads, its listeners, and what they are made of. Start and the
// destructor belong to the thread that makes it.
class App {
 public:
  // Starts a member: listens, takes the lock of its directory, opens its files, and serves once it
  // is ready. Nothing below the directory is read before it is locked. `config` is valid;
  // `logger` outlives the app. For `pause` see LockDirectory.
  static base::Result<std::unique_ptr<App>> Start(const config::ServerConfig& config,
                                                  const observe::Logger* logger,
                                                  const std::function<bool()>& pause);
  // Stops listening, answers what is under way if that takes no more than five seconds, closes all
  // connections, brings what is applied into the database, and ends the threads. A disk that stands
  // still meanwhile ends the process.
  ~App();

  // Whether the member was removed from its cluster, which ends the process as SIGTERM would.
  bool removed() const { return removed_; }

 private:
  App(const config::ServerConfig& config, const observe::Logger* logger);

  void OpenMetrics();
  base::Status Listen();
  base::Status OpenTls();
  // What a first start has to find out before.
  base::Status FindMembers(server::Options* options);
  base::Status BeginWithoutLog(const Bootstrapping& bootstrapping, server::Options* options);
  // Opens the server, as another member if this one must not go on. Until it has found that out by
  // others, SIGTERM ends the process at once.
  base::Status OpenServer(server::Options options);
  // Fails if the other members have other keys.
  base::Status CheckCorruption();
  base::Status ReplaceSelf(const base::Status& loss, server::Options* options);
  AskPeer AskingPeers(const char* method = "GET");
  // Calls it with the ways to ask others, which take long; meanwhile SIGTERM ends the process.
  base::Status AskOthers(const std::function<base::Status(const Bootstrapping& with)>& ask);
  server::Environment NewEnvironment();
  // Any thread: the member belongs to no cluster any more.
  void OnRemoved();
  // On a worker, once the member is ready.
  void Serve();
  void StartListeners();
  // On the accepting loop: somebody is to be answered.
  void TakeOver();
  void LogListeners() const;
  // Closes the listeners of the metrics, or all others.
  void StopListening(bool metrics);
  void Drain();
  void StopServer();
  // Certificates and keys: takes up what has changed, now and then.
  void RefreshFilesLater();
  // Has a bulk worker do it. Any thread.
  void RunElsewhere(base::Callback<void()> work);
  void Stop();

  config::ServerConfig config_;
  const observe::Logger& logger_;
  StopWatch stop_watch_;  // outlives all that may wait for a disk
  runtime::posix::Disk disk_;
  runtime::posix::LoopPool loop_pool_;
  runtime::Loop* const raft_loop_;
  runtime::Loop* const apply_loop_;
  runtime::Loop* const wal_loop_;
  runtime::Loop* const backend_loop_;
  std::unique_ptr<Tracing> tracing_;                     // null: no call is traced
  std::vector<std::unique_ptr<NetThread>> net_threads_;  // outlive the server
  std::vector<ListenerPlan> plans_;
  std::unique_ptr<TlsFiles> tls_;
  observe::Registry registry_;
  NetworkMetrics network_metrics_;
  web::HealthMetrics health_metrics_;
  RefusedConnections refused_;
  runtime::asio::LoopThread accept_thread_;
  std::vector<std::unique_ptr<runtime::asio::SharedListener>> listeners_;  // one a plan
  Peers peers_;                                                            // outlive the server
  std::unique_ptr<identity::TokenProvider> tokens_;                        // likewise
  v2::Totals v2_totals_;                                                   // likewise
  std::unique_ptr<admission::Meters> meters_;                              // likewise
  std::unique_ptr<server::RaftTrace> raft_trace_;  // null: nobody is told of raft's steps
  server::Environment environment_;
  std::unique_ptr<runtime::File> lock_;  // of the directory; given up after all that writes there
  std::unique_ptr<server::Server> server_;
  // Destroyed first: their work ends while all that it uses is still there.
  runtime::posix::Workers small_workers_;  // short work of the process itself
  runtime::posix::Workers log_workers_;
  runtime::posix::Workers bulk_workers_;
  runtime::posix::Workers password_workers_;
  runtime::posix::Workers steady_password_workers_;
  identity::Passwords passwords_;
  std::unique_ptr<runtime::posix::Workers> handshake_workers_;  // null without TLS
  std::atomic<bool> loops_run_ = true;
  std::atomic<bool> removed_ = false;
  std::mutex serving_mutex_;
  bool stopped_ = false;      // guarded by serving_mutex_
  bool taking_over_ = false;  // of the accepting loop
};

}  // namespace app
