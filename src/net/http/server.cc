#include "net/http/server.h"

#include <utility>

namespace http {

Server::Server(runtime::Loop* loop, runtime::Network* network, Service* service,
               const Options& options)
    : network_(network), service_(service), connections_(loop, options.limits, options.keepalive) {}

Server::~Server() {
  listeners_.clear();
}

base::Result<runtime::Address> Server::Listen(const runtime::Address& address,
                                              const Listening& listening) {
  ASSIGN_OR_RETURN(auto listener, network_->Listen(address, listening.socket,
                                                   [this, protocols = listening.protocols](
                                                       std::unique_ptr<runtime::Stream> stream) {
                                                     Accept(std::move(stream), protocols);
                                                   }));
  const runtime::Address chosen = listener->address();
  listeners_.push_back(std::move(listener));
  return chosen;
}

void Server::Accept(std::unique_ptr<runtime::Stream> stream, Connection::Protocols protocols) {
  if (connections_.size() >= connections_.environment().limits.max_connections) {
    connections_.counters().of(Abuse::kTooManyConnections).Add();
    stream->Close(/*abort=*/true);
    return;
  }
  connections_.Add(
      std::make_unique<Connection>(&connections_, std::move(stream), service_, protocols));
}

void Server::Drain(base::Callback<void()> on_drained) {
  listeners_.clear();
  connections_.Drain(std::move(on_drained));
}

}  // namespace http
