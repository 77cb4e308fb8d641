#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "net/http/connection_group.h"
#include "net/http/tls_context.h"
#include "net/rpc/backoff.h"
#include "net/rpc/client_call.h"
#include "runtime/loop.h"
#include "runtime/network.h"
#include "runtime/random.h"

namespace rpc {

// A client's way to a service that several endpoints offer: one HTTP/2 connection to each, made
// again with back-off when it breaks. Calls go to the connected endpoints in turn, from any of them
// on; while none is connected they wait, until every endpoint has failed. An endpoint that does
// not serve is left for the others: it gets one call in some seconds until it answers one, and not
// with kUnavailable. So is one from which nothing came in all the time of a call that was not
// answered in time; it is pinged besides, gets no call until something comes, and is connected to
// anew if nothing does.
//
// Of many endpoints a few are connected to at a time, in any order, and one more after each short
// while: so neither does a large set cost much at once, nor do those that do not answer hold up the
// others.
//
// One loop; not destroyed inside an event of one of its calls.
class Channel {
 public:
  struct Options {
    // At least one, of either kind. One that is named twice is one.
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
    // Calls that wait for a connection; further ones end with kResourceExhausted. What bounds the
    // bytes of their messages is up to those who begin them.
    size_t max_waiting_calls = 100'000;
    uint64_t seed = 0;  // of the back-off's chance, and of the order
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

  // Calls that begin from now on, and those that wait, go to these; not both lists empty. Endpoints
  // that stay keep their connections; the others' end when their calls have. Also inside an event
  // of a call.
  void SetEndpoints(const std::vector<runtime::Address>& endpoints,
                    const std::vector<runtime::Address>& plain_endpoints);

  // Endpoints that are connected now.
  size_t connected() const;
  // Why those are not that have failed, for people: "host:port: why", separated by "; ".
  std::string Failures() const;

 private:
  class Subchannel;

  using Subchannels = std::vector<std::unique_ptr<Subchannel>>;

  // Moves the subchannel of this endpoint from `from`, or a new one, to the end of `to`, unless it
  // is there.
  void Adopt(const runtime::Address& address, std::shared_ptr<const http::TlsContext> tls,
             Subchannels* from, Subchannels* to);
  // Has the subchannel connect soon, but not inside this call.
  void ConnectInTurn(Subchannel* subchannel);
  void ConnectNext();
  // Lets go of the subchannels that SetEndpoints has left out.
  void Sweep();
  void Place(std::shared_ptr<ClientCall> call);
  // A connected endpoint with room for the call, in turn; null if there is none. One that is
  // doubted is the last choice, before it one that does not serve, and before that the one that
  // the call avoids.
  Subchannel* Pick(const ClientCall& call);
  void OnVerdict(uint32_t endpoint, bool serves);
  void OnSubchannelChanged();
  void ServeWaiting();
  void FailWaiting(const base::Status& status);

  runtime::Loop* const loop_;
  runtime::Network* const network_;
  const Options options_;
  DeadlineQueue deadlines_;
  http::ConnectionGroup connections_;
  runtime::Random random_;
  Subchannels subchannels_;
  std::vector<Subchannel*> to_connect_;
  Subchannels leaving_;
  std::deque<std::shared_ptr<ClientCall>> waiting_;
  size_t turn_;  // where Pick looks first
  uint32_t last_number_ = 0;
  bool closing_ = false;
  const std::unique_ptr<runtime::Timer> connect_timer_;
  const std::unique_ptr<runtime::Timer> sweep_timer_;
};

}  // namespace rpc
