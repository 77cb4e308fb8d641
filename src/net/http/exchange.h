#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "net/http/budget.h"
#include "net/http/chunk.h"
#include "net/http/error_code.h"
#include "net/http/headers.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace http {

enum class Version : uint8_t { kHttp1, kHttp2 };

// Who is at the other end. Constant once the first request has arrived.
struct ConnectionInfo {
  // Tells the connections apart that a Server, or the client that owns them, has had so far.
  uint64_t number = 0;
  runtime::Address local;
  runtime::Address peer;
  bool tls = false;
  // The TLS handshake chose HTTP/2 (ALPN).
  bool http2_negotiated = false;
  // Of the peer's verified certificate, empty without one.
  std::string certificate_common_name;
  std::vector<std::string> certificate_dns_names;
  std::vector<std::string> certificate_addresses;
};

// How an exchange ended.
struct Closing {
  enum class Kind : uint8_t {
    kComplete,        // both sides sent all they had
    kReset,           // one side gave this exchange up: `code` says why
    kConnectionLost,  // with everything on it: `status` says why
  };
  Kind kind = Kind::kComplete;
  ErrorCode code = ErrorCode::kNoError;
  base::Status status;
  // Client: the server said that it has not looked at the request, so it may be sent again.
  bool unprocessed = false;
};

// One request and its answer, of any HTTP version, as one of the two ends sees it. Belongs to the
// session, which lives on one loop; everything here happens on that loop. Valid until OnClosed.
//
// Sending never fails and never blocks: what cannot go out yet waits, `writable` says when to
// stop producing, and a lost connection is reported by OnClosed.
class Exchange {
 public:
  // The request's head at the server, the answer's at the client; empty until it has arrived.
  virtual const Headers& received_head() const = 0;
  virtual Version version() const = 0;
  virtual const ConnectionInfo& connection() const = 0;
  virtual runtime::Loop& loop() = 0;

  enum class Then : uint8_t { kContinue, kEnd };

  // Server: the answer's head, once, first. A ":status" field first.
  //
  // HTTP/1.1: 101 as the answer to a request without a body, before OnRequest returns, ends HTTP on
  // this connection: from then on both sides' bytes are what they agreed on, to OnData and from
  // SendData, until this side ends it or the connection is lost; OnEnd does not come.
  virtual void SendHead(const Headers& head, Then then) = 0;
  virtual void SendData(Chunk chunk, Then then) = 0;
  // Ends this side's sending.
  virtual void SendTrailers(const Headers& trailers) = 0;
  // Gives the exchange up at once; what has not gone out is dropped. OnClosed follows, not before
  // this call returns.
  virtual void Reset(ErrorCode code) = 0;

  // Bytes given to OnData that need no memory any more: the peer may send as many again.
  virtual void Consume(size_t bytes) = 0;

  // What the handler keeps of the request, beside bytes that it has not consumed: a message that is
  // not whole yet. It counts against the connection's budget, until this says otherwise or the
  // exchange ends; 0 says that a message has become whole.
  virtual void SetHeld(size_t bytes) = 0;
  // What answering takes in memory beside that. It counts likewise, until this says otherwise or
  // the exchange ends.
  struct Cost {
    size_t call = 0;     // the objects of a call, what it waits with
    size_t answers = 0;  // answers that are made and were not given to SendData yet
    size_t sum() const { return call + answers; }
  };
  virtual void SetCost(Cost cost) = 0;
  // Server: what is held for the connection counts to that share, too, from now on (budget.h).
  virtual void CountTo(std::shared_ptr<SharedBudget> share) = 0;

  // Accepted by SendData, not yet on its way to the socket.
  virtual size_t unsent_bytes() const = 0;
  // False when the producer should wait for OnWritable: much waits on this exchange, or on the
  // connection.
  virtual bool writable() = 0;
  // Whether a whole answer of that size may be queued, whatever `writable` says: always if it is
  // small, and the only one of a connection if the member has the room. One that does not fit into
  // the budget is produced in pieces, while `writable`, or refused.
  virtual bool Fits(size_t bytes) const = 0;

 protected:
  ~Exchange() = default;
};

// Receives the events of one exchange, on its loop. The session holds a share of it until OnClosed
// has returned. Inside every call the exchange may be used, Reset included.
class ExchangeHandler {
 public:
  virtual ~ExchangeHandler() = default;
  // Client: the answer's head has arrived.
  virtual void OnHead() {}
  // The view is valid during the call. Each byte must be given to Exchange::Consume at some time;
  // until then it counts against the peer's window.
  virtual void OnData(base::ByteView bytes) = 0;
  // The peer has sent everything; `trailers` is empty if there were none.
  virtual void OnEnd(const Headers& trailers) = 0;
  // Exchange::writable() turned true again.
  virtual void OnWritable() {}
  // Server: the connection will close as soon as its exchanges have ended, or when patience does.
  // One that would go on for ever ends itself.
  virtual void OnDrain() {}
  // Server: whether the request said until when its client waits; that it is given up is no sign of
  // ill will then.
  virtual bool has_deadline() const { return false; }
  // The last call; the exchange is gone when it returns.
  virtual void OnClosed(const Closing& closing) = 0;
};

// Receives a request that has been answered without being looked at.
class IgnoringHandler final : public ExchangeHandler {
 public:
  explicit IgnoringHandler(Exchange* exchange) : exchange_(exchange) {}
  void OnData(base::ByteView bytes) override { exchange_->Consume(bytes.size()); }
  void OnEnd(const Headers&) override {}
  void OnClosed(const Closing&) override {}

 private:
  Exchange* const exchange_;
};

// Answers requests; one for all connections of a server, on the server's loop.
class Service {
 public:
  virtual ~Service() = default;
  // A request's head has arrived. Never null; may send the answer before it returns.
  virtual std::shared_ptr<ExchangeHandler> OnRequest(Exchange& exchange) = 0;
};

}  // namespace http
