#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/callback.h"
#include "base/status.h"
#include "net/http/budget.h"
#include "net/http/connection_group.h"
#include "net/http/exchange.h"
#include "net/http/tls_context.h"
#include "net/http/tls_stream.h"
#include "runtime/network.h"
#include "runtime/workers.h"

namespace http {

// Takes connections on one loop and lets a Service answer what they ask. A process with several
// net threads has one Server on each, and gives each connection to one of them.
class Server {
 public:
  struct Options {
    Limits limits;
    Keepalive keepalive;
    // What is held for one client, and for all.
    LoopBudget::Options budget;
    // Shared by the servers of a member, whatever loops they are on; null: one of its own, of the
    // size that `budget` says.
    std::shared_ptr<SharedBudget> member_budget;
    // As ConnectionGroup::Share::on_freed.
    std::function<void()> on_freed;
  };
  // `service` must outlive the server.
  Server(runtime::Loop* loop, runtime::Network* network, Service* service, const Options& options);
  ~Server();

  struct Listening {
    Connection::Protocols protocols;
    // If set, connections speak TLS, each with what this returns when it is accepted: so that
    // certificates and authorities can change.
    std::function<std::shared_ptr<const TlsContext>()> tls;
    // With `tls`: connections whose first byte does not begin a TLS handshake speak without.
    bool plaintext_too = false;
    // Told of TLS handshakes that have failed.
    std::function<void(const TlsStream::Rejection&)> on_rejected = [](const auto&) {};
    // Who does the handshakes whose signatures are slow; null: the loop. Outlive the connections.
    runtime::Workers* handshake_workers = nullptr;
    runtime::Network::ListenOptions socket;
  };
  // Accepts on `address` from now on. Returns the address with the port that was chosen.
  base::Result<runtime::Address> Listen(const runtime::Address& address,
                                        const Listening& listening);
  // Serves a connection that was accepted elsewhere.
  void Take(std::unique_ptr<runtime::Stream> stream, const Listening& listening);

  // Stops accepting and lets open requests end; `on_drained` runs when no connection is left.
  // Endless streams never end by themselves: destroy the server when patience does.
  void Drain(base::Callback<void()> on_drained);

  size_t connection_count() const { return connections_.size(); }
  const Counters& counters() const { return connections_.counters(); }
  // For the clients of this server, as its budget counts it.
  size_t held_bytes() const { return connections_.environment().budget->used(); }

 private:
  std::unique_ptr<TlsStream> Guard(std::unique_ptr<runtime::Stream> stream,
                                   const Listening& listening);

  runtime::Network* const network_;
  Service* const service_;
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
  ConnectionGroup connections_;
};

}  // namespace http
