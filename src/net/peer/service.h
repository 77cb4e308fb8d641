#pragma once

#include <memory>

#include "net/http/exchange.h"
#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/peer/transport.h"

namespace peer {

// Answers the peer port, on the peer loop:
//
//   POST /raft                          a message
//   GET  /raft/stream/msgapp/<sender>   the stream of appends to the member that asks
//   GET  /raft/stream/message/<sender>  the stream of all other messages to it
//   POST /raft/snapshot                 a message with the database behind it
//   GET  /raft/probing                  the time
//   GET  /members                       who belongs to the cluster
//
// Requests of another cluster, of versions that do not fit and for another member are refused with
// etcd's status and text. 403 and 410, on which a member of etcd ends itself, go only to members
// that the applied configuration has removed.
//
// Bodies of /raft are at most kMessageBytesMax, those of other paths kPlainBytesMax.
class Service final : public http::Service {
 public:
  static constexpr size_t kMessageBytesMax = 64 << 20;
  static constexpr size_t kPlainBytesMax = 64 << 10;

  explicit Service(Transport* transport);
  ~Service() override;

  // For the paths that need more of the member than its peers do: /version, /members/promote/,
  // /members/hashkv, /downgrade/enabled, ... Before the first request.
  http::PlainService& endpoints() { return endpoints_; }

  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override;

  // What the http::Server of this service is made with: a peer that takes nothing for 5 s is gone,
  // and what one connection may hold suffices for a whole message.
  static http::Server::Options ServerOptions();

 private:
  const std::shared_ptr<Peers> peers_;
  http::PlainService endpoints_;
};

}  // namespace peer
