#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/callback.h"
#include "base/result.h"
#include "net/http/connection_group.h"
#include "net/http/exchange.h"
#include "net/http/limits.h"
#include "net/http/tls_context.h"
#include "runtime/network.h"

namespace http {

class ClientRequest;

// Asks one server over HTTP/1.1. Connections are made when they are needed and kept for the next
// request; one request is on each at a time. The server's name is resolved anew for each. One loop;
// not destroyed inside an event of one of its requests.
//
// A request is sent once. Only a GET or HEAD without a body that failed on a kept connection before
// any byte of an answer came, as happens when the server closes it at that moment, is sent once
// more. Of any other, a lost connection leaves open whether it was carried out.
class Client {
 public:
  struct Options {
    runtime::Address address = {};
    // The Host field, "host:port" as in the URL; if empty, Address::ToString(), or "localhost" for
    // a unix socket.
    std::string authority = {};
    // If set, connections speak TLS, each with what this returns when it is dialled: so that
    // certificates and authorities can change. They offer no other protocol than HTTP/1.1.
    std::function<std::shared_ptr<const TlsContext>()> tls = {};
    // The name that the server's certificate must have; if empty, the address's host, or
    // "localhost" for a unix socket.
    std::string server_name = {};
    // Per connection: max_http1_header_size, stream_window and stream_send_buffer (see
    // H1ClientSession).
    Limits limits = {};
    // Open or being made at once. A request beyond waits for one of them, in order.
    size_t max_connections = 8;
    // Further requests are refused: kConnectionLost with kResourceExhausted. One that waits holds
    // its head and at most about limits.stream_send_buffer of its body, by its producer.
    size_t max_waiting_requests = 64;
    // Kept without a request: not more of them, and not longer. Shorter than servers keep them.
    size_t max_idle_connections = 2;
    runtime::Duration idle_timeout = std::chrono::seconds(30);
  };

  Client(runtime::Loop* loop, runtime::Network* network, Options options);
  // Ends all requests: OnClosed, kConnectionLost with kCanceled.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Each ends a request with kConnectionLost and kDeadlineExceeded. Duration::max(): never.
  struct Timeouts {
    // From Start until a connection is there for the request: waiting for its turn, resolving,
    // connecting and the TLS handshake.
    runtime::Duration connect = std::chrono::seconds(5);
    // As H1ClientSession::Timeouts, half a second late at most.
    runtime::Duration read = runtime::Duration::max();
    runtime::Duration write = std::chrono::seconds(60);
    // From Start to the end of the exchange.
    runtime::Duration total = runtime::Duration::max();
  };

  // Begins a request; no event comes before this returns. The exchange is valid until OnClosed; its
  // SendData may be used at once, and `writable` says when to stop.
  //
  // `head` has ":method" and ":path" ("/a?b", percent-encoded) first, and may have ":authority".
  // With "content-length" the body has that length, without it goes out in chunks; "connection:
  // close" keeps the connection for no other request. A head that cannot be sent ends with
  // kConnectionLost and kInvalidArgument.
  //
  // The answer is delivered as H1ClientSession does, a complete answer ends with kComplete whatever
  // its status. Closing::status says in words what else happened, beginning with the address: that
  // it was refused, its name not found, TLS rejected and why, the connection reset or closed, which
  // timeout passed. Until there is a connection Exchange::connection() has the address alone.
  Exchange& Start(const Headers& head, Exchange::Then then,
                  std::shared_ptr<ExchangeHandler> handler, const Timeouts& timeouts);

  struct Answer {
    int status = 0;
    Headers head;
    base::Bytes body;
  };
  // A whole request and its whole answer. `done` runs once, not before this returns: with the
  // answer, whatever its status; kResourceExhausted if its body is longer than `max_answer_bytes`,
  // of which not more is kept than that; else as Closing::status of Start. `timeout` is for all of
  // it. A body is sent with its length.
  using FetchDone = base::Callback<void(base::Result<Answer>)>;
  void Fetch(Headers head, base::Bytes body, size_t max_answer_bytes, runtime::Duration timeout,
             FetchDone done);

  const runtime::Address& address() const { return options_.address; }
  // Open or being made.
  size_t connection_count() const { return links_.size(); }
  size_t idle_count() const;
  // That have not ended.
  size_t request_count() const { return requests_.size(); }
  const Counters& counters() const { return connections_.counters(); }

 private:
  friend class ClientRequest;
  class Link;

  // Gives the request a connection, makes one for it (at any rate, if it is to be `anew`) or lets
  // it wait.
  void Place(ClientRequest* request, bool anew);
  void ServeWaiting();
  Link* FindIdle();
  Link* LinkOf(const ClientRequest* request);
  void Dial(ClientRequest* request);
  // The link has no connection any more: destroys it.
  void Remove(Link* link);

  // What requests ask for.
  // It is to be sent once more, on another connection than that which was lost.
  void Repeat(ClientRequest* request);
  // It waits no longer for a connection.
  void Withdraw(ClientRequest* request);
  // Ends the connection on which it is.
  void Abort(ClientRequest* request, const base::Status& why);
  // Its exchange was complete. What begins inside this waits for the connection, which is about to
  // be idle.
  void TellCompletion(ExchangeHandler& handler, const Closing& closing);
  // It has ended. Returns the client's share of it.
  std::shared_ptr<ClientRequest> Forget(ClientRequest* request);

  runtime::Loop* const loop_;
  runtime::Network* const network_;
  const Options options_;
  ConnectionGroup connections_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::shared_ptr<ClientRequest>> requests_;
  std::deque<ClientRequest*> waiting_;  // without a link
  bool completing_ = false;             // inside TellCompletion
  bool closing_ = false;
};

}  // namespace http
