#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/bootstrap.h"
#include "app/listeners.h"
#include "app/tls_files.h"
#include "base/result.h"
#include "config/server_config.h"
#include "net/http/server.h"
#include "net/peer/service.h"
#include "net/peer/transport.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/asio/shared_listener.h"
#include "runtime/posix/loop_pool.h"
#include "runtime/posix/workers.h"
#include "server/server.h"

namespace app {

// The member's side towards the other members: the thread of the peer loop, the listeners for peers
// and their TLS, and what carries messages. All methods belong to the thread that makes it, or to
// one after it.
class Peers {
 public:
  struct Parts {
    const config::ServerConfig* config;
    runtime::Disk* disk;
    runtime::posix::LoopPool* pool;  // the thread lends itself to it
    const observe::Logger* logger;
    observe::Registry* registry;
    // What the member runs on; all but its transport is there before OpenTransport.
    const server::Environment* environment;
  };
  // All that `parts` points to outlives this.
  explicit Peers(const Parts& parts);
  // After the member has ended.
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // Binds the listeners; connections wait until Accept. `accepting` accepts them.
  base::Status Listen(runtime::asio::Loop* accepting,
                      const runtime::asio::SharedListener::Options& options);
  // Reads the files that TLS between members needs; makes them with --peer-auto-tls.
  base::Status OpenTls();
  // Accepts connections from now on, and answers 503 until Admit. `on_refused` is SharedListener's.
  void Accept(base::Callback<void()> on_refused);
  // Asks a peer, by GET or POST, and waits for its answer. After OpenTls.
  struct Question {
    const char* method;
    std::string path;
    std::string body;
  };
  base::Result<PeerAnswer> Ask(const config::Url& peer, const Question& question,
                               runtime::Duration timeout);
  // Makes the transport, which receives snapshots of other members in `snap_dir`.
  base::Status OpenTransport(const std::string& snap_dir);
  server::Transport* transport() { return transport_.get(); }

  // Takes messages to the member and back from now on.
  void Start(server::Server* server);
  // Answers what peers ask from now on.
  void Admit();
  // Listens no more and ends all connections.
  void Close();
  // Ends the thread.
  void Stop() { thread_.Stop(); }

 private:
  static constexpr const char* kFlagPrefix = "peer-";

  // Answers 503 until it is opened: who asks knows then that nobody has to be waited for.
  class Door final : public http::Service {
   public:
    void Open(http::Service* service) { inside_ = service; }
    std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override;

   private:
    http::Service* inside_ = nullptr;
  };

  http::Server::Listening ListeningOf(const ListenerPlan& plan);
  void RefreshTlsLater();

  const Parts parts_;
  config::TlsConfig tls_config_;
  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
  std::vector<ListenerPlan> plans_;
  std::vector<std::unique_ptr<runtime::asio::SharedListener>> listeners_;  // one a plan
  std::unique_ptr<TlsFiles> listen_tls_;                                   // null: no TLS
  std::unique_ptr<TlsFiles> dial_tls_;
  std::unique_ptr<peer::Transport> transport_;
  runtime::posix::Workers workers_;  // reading the files of TLS again
  runtime::posix::Workers handshake_workers_;

  // Of the loop, until Close.
  Door door_;
  std::unique_ptr<peer::ServerMember> member_;
  std::unique_ptr<peer::Service> service_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<runtime::Timer> refresh_timer_;
};

}  // namespace app
