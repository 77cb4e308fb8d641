#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/status.h"
#include "net/http/budget.h"
#include "net/http/counters.h"
#include "net/http/date.h"
#include "net/http/exchange.h"
#include "net/http/limits.h"
#include "net/http/output_buffer.h"
#include "runtime/loop.h"

namespace http {

class H2Memory;
class StreamPool;

// What all sessions of one loop share; outlives them.
struct Environment {
  runtime::Loop* loop;
  Limits limits;
  Keepalive keepalive;
  Counters* counters;
  BlockPool* blocks;
  StreamPool* streams;
  H2Memory* h2_memory;
  Date* date;
  LoopBudget* budget;
};

// What a session needs of the connection that carries it.
class Carrier {
 public:
  // There is something for Session::Produce; it is asked for it once this turn.
  virtual void ScheduleFlush() = 0;
  // The session can take more of what it left at OnInput. It is given the rest, even if that is
  // empty, once others have had their turn: a session whose slice is over asks for it at once.
  virtual void ResumeInput() = 0;
  virtual const ConnectionInfo& info() const = 0;
  // What is held for the connection.
  virtual Account& account() = 0;
  // Where the session's bytes go.
  virtual OutputBuffer& output() = 0;
  // Client: the server has introduced itself, so requests may follow.
  virtual void OnReady() {}
  // Client: the server takes no further requests on this connection.
  virtual void OnGoAway() {}

 protected:
  ~Carrier() = default;
};

// One protocol spoken on one connection: turns bytes into exchanges and back. Belongs to the
// connection, on its loop, and is never destroyed from inside its own calls.
class Session {
 public:
  virtual ~Session() = default;

  // Takes bytes that have arrived, for a slice of time (WorkSlice); those it does not take yet stay
  // in `*bytes`, and nothing more is given to it until Carrier::ResumeInput, then from there on. A
  // failure ends the connection once what Produce still gives has been sent.
  virtual base::Status OnInput(base::ByteView* bytes) = 0;
  // The peer sends no more.
  virtual void OnEndOfInput() = 0;
  // The same, but of what it has sent OnInput has left something: OnEndOfInput comes behind that.
  virtual void OnPeerLeft() {}
  // Appends what can go out now to the carrier's output, about kProduceBytes at most.
  virtual void Produce() = 0;
  virtual bool HasOutput() const = 0;
  // Nothing is left to receive or to send: the connection closes once its output has gone out.
  virtual bool IsFinished() const = 0;
  // Lets the open exchanges end, and takes only those that may have been on their way: what comes
  // within kDrainNotice on a connection that is in use.
  virtual void Drain() = 0;
  // About twice a second. A failure ends the connection.
  virtual base::Status OnTick(runtime::TimePoint now) = 0;
  // The connection is gone: closes all exchanges.
  virtual void OnConnectionLost(const base::Status& status) = 0;
};

// What Produce appends before it leaves the rest for its next call: enough to fill a system call,
// little enough to stay in the processor's cache.
inline constexpr size_t kProduceBytes = 128 * 1024;

// A server that drains goes on taking requests for so long, from who may not know it yet. Several
// times shorter than what the process waits for its requests to end.
inline constexpr runtime::Duration kDrainNotice = std::chrono::seconds(1);

}  // namespace http
