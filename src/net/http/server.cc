#include "net/http/server.h"

#include <algorithm>
#include <utility>

#include "net/http/first_byte_stream.h"

namespace http {
namespace {

Limits LimitsOf(const Server::Options& options) {
  Limits limits = options.limits;
  limits.max_unconsumed = std::min(limits.max_unconsumed, options.budget.connection_max() / 2);
  return limits;
}

ConnectionGroup::Share ShareOf(const Server::Options& options) {
  ConnectionGroup::Share share{options.member_budget, options.budget.connection_max(),
                               options.on_freed};
  if (share.member == nullptr) {
    share.member = std::make_shared<SharedBudget>(options.budget.member_max());
  }
  return share;
}

}  // namespace

Server::Server(runtime::Loop* loop, runtime::Network* network, Service* service,
               const Options& options)
    : network_(network),
      service_(service),
      connections_(loop, LimitsOf(options), options.keepalive, ShareOf(options)) {}

Server::~Server() {
  listeners_.clear();
}

base::Result<runtime::Address> Server::Listen(const runtime::Address& address,
                                              const Listening& listening) {
  ASSIGN_OR_RETURN(auto listener,
                   network_->Listen(address, listening.socket,
                                    [this, listening](std::unique_ptr<runtime::Stream> stream) {
                                      Take(std::move(stream), listening);
                                    }));
  const runtime::Address chosen = listener->address();
  listeners_.push_back(std::move(listener));
  return chosen;
}

void Server::Take(std::unique_ptr<runtime::Stream> stream, const Listening& listening) {
  const Environment& environment = connections_.environment();
  if (connections_.size() >= environment.limits.max_connections ||
      (listening.tls && environment.budget->IsSpent())) {
    connections_.counters().of(Abuse::kTooManyConnections).Add();
    stream->Close(/*abort=*/true);
    return;
  }
  TlsStream* tls = nullptr;
  FirstByteStream* either = nullptr;
  if (listening.tls && listening.plaintext_too) {
    auto wrapped = std::make_unique<FirstByteStream>(std::move(stream));
    either = wrapped.get();
    stream = std::move(wrapped);
  } else if (listening.tls) {
    auto wrapped = Guard(std::move(stream), listening);
    tls = wrapped.get();
    stream = std::move(wrapped);
  }
  auto connection =
      std::make_unique<Connection>(&connections_, std::move(stream), service_, listening.protocols);
  const auto tell = [raw = connection.get()](const ConnectionInfo& peer) {
    raw->OnHandshake(peer);
  };
  if (tls != nullptr) {
    connection->OnTls();
    tls->OnHandshake(tell);
  }
  if (either != nullptr) {
    either->OnTls(
        [this, listening, tell, raw = connection.get()](std::unique_ptr<runtime::Stream> inner) {
          raw->OnTls();
          auto wrapped = Guard(std::move(inner), listening);
          wrapped->OnHandshake(tell);
          return wrapped;
        });
  }
  connections_.Add(std::move(connection));
}

std::unique_ptr<TlsStream> Server::Guard(std::unique_ptr<runtime::Stream> stream,
                                         const Listening& listening) {
  const Environment& environment = connections_.environment();
  auto tls = std::make_unique<TlsStream>(listening.tls(), std::move(stream), "",
                                         environment.loop->clock().WallNow());
  tls->OnRejected(listening.on_rejected);
  tls->LeaveHandshakeTo({listening.handshake_workers, environment.loop,
                         &connections_.counters().of(Abuse::kTooManyHandshakes)});
  return tls;
}

void Server::Drain(base::Callback<void()> on_drained) {
  listeners_.clear();
  connections_.Drain(std::move(on_drained));
}

}  // namespace http
