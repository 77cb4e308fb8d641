#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "net/http/connection_group.h"
#include "net/http/tls_context.h"
#include "net/rpc/backoff.h"
#include "net/rpc/client_call.h"
#include "runtime/network.h"

namespace rpc {

// A client's way to a service that several endpoints offer: one HTTP/2 connection to each, made
// again with back-off when it breaks. Calls go to the connected endpoints in turn; while none is
// connected they wait, until every endpoint has failed. One loop; not destroyed inside an event of
// one of its calls.
class Channel {
 public:
  struct Options {
    // At least one, of either kind.
    std::vector<runtime::Address> endpoints;
    // Spoken to in plain text, also if there is `tls` for the others.
    std::vector<runtime::Address> plain_endpoints = {};
    // The ":authority" of the requests; AuthorityOf each endpoint if empty.
    std::string authority;
    // TLS to every one of `endpoints`; plain text without.
    std::shared_ptr<const http::TlsContext> tls = nullptr;
    // The name that the certificates must have; ServerNameOf each endpoint if empty.
    std::string server_name = {};
    http::Limits limits;
    // No pings unless an interval is set.
    http::Keepalive keepalive = {.interval = runtime::Duration::max()};
    Backoff::Options backoff;
    runtime::Duration connect_timeout = std::chrono::seconds(20);
    // Calls that wait for a connection; further ones end with kResourceExhausted.
    size_t max_waiting_calls = 100'000;
    uint64_t seed = 0;  // of the back-off's chance
  };

  Channel(runtime::Loop* loop, runtime::Network* network, Options options);
  // Ends all calls with kCanceled.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Begins a call; `path` is "/package.Service/Method". Ending it may be reported before this
  // returns.
  std::shared_ptr<ClientCall> Start(std::string path, ClientCall::Options options,
                                    std::unique_ptr<ClientHandler> handler);

  // A unary call. `done` receives the answer, which is valid during the call, or why there is
  // none.
  using UnaryDone = base::Callback<void(const base::Status& status, base::ByteView reply)>;
  std::shared_ptr<ClientCall> CallUnary(std::string path, ClientCall::Options options,
                                        Message request, UnaryDone done);

  // Endpoints that are connected now.
  size_t connected() const;
  // Why those are not that have failed, for people: "host:port: why", separated by "; ".
  std::string Failures() const;

 private:
  class Subchannel;

  void Add(const runtime::Address& address, std::shared_ptr<const http::TlsContext> tls);
  void Place(std::shared_ptr<ClientCall> call);
  // A connected endpoint with room for a call, in turn; null if there is none.
  Subchannel* Pick();
  void OnSubchannelChanged();
  void ServeWaiting();
  void FailWaiting(const base::Status& status);

  runtime::Loop* const loop_;
  runtime::Network* const network_;
  const Options options_;
  DeadlineQueue deadlines_;
  http::ConnectionGroup connections_;
  std::vector<std::unique_ptr<Subchannel>> subchannels_;
  std::deque<std::shared_ptr<ClientCall>> waiting_;
  size_t turn_ = 0;
  bool closing_ = false;
};

}  // namespace rpc
