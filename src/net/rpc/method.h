#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "net/http/counters.h"
#include "runtime/time.h"

namespace rpc {

class CallTracer;
class ServerCall;

enum class Kind : uint8_t { kUnary, kClientStreaming, kServerStreaming, kBidiStreaming };

inline bool ClientStreams(Kind kind) {
  return kind == Kind::kClientStreaming || kind == Kind::kBidiStreaming;
}

// Receives what happens on one streaming call, on its loop; owned by the call, and destroyed when
// the call is over, however it ended.
class CallHandler {
 public:
  virtual ~CallHandler() = default;
  // The view is valid during the call.
  virtual void OnMessage(base::ByteView message) = 0;
  // The client has sent its last message.
  virtual void OnHalfClose() {}
  // ServerCall::writable() turned true again.
  virtual void OnWritable() {}
  // The server is stopping. A call that would go on for ever ends itself; others have a few
  // seconds.
  virtual void OnDrain() {}
  // The call is over: it was finished, the client has gone, or the deadline has passed. What is
  // sent from now on goes nowhere. Runs once, within whatever ended the call, ServerCall::Finish
  // and Send included.
  virtual void OnEnded(const base::Status&) {}
};

// Answers a unary request, at once or later, with Reply or Finish. The view is valid during the
// call only.
using UnaryHandler = std::function<void(std::shared_ptr<ServerCall> call, base::ByteView request)>;
// Begins a streaming call.
using StreamingHandler =
    std::function<std::unique_ptr<CallHandler>(std::shared_ptr<ServerCall> call)>;

// What a method has done since its server started, for etcd's and the grpc_server_* metrics.
// Written on the server's loop, read by any thread.
struct MethodCounters {
  http::Counter started;
  std::array<http::Counter, 17> handled;  // by code
  http::Counter messages_received;
  http::Counter messages_sent;
  // Of the messages themselves: decompressed, and without what frames them.
  http::Counter bytes_received;
  http::Counter bytes_sent;
};

// One entry of the service table.
struct Method {
  // What is told of a call whose answer, of whatever kind, has just been decided.
  struct Ended {
    const ServerCall& call;
    base::Code code;
    runtime::Duration took;  // since the head had come
  };

  std::string service;  // "etcdserverpb.KV"
  std::string name;     // "Range"
  Kind kind = Kind::kUnary;
  UnaryHandler unary;
  StreamingHandler streaming;
  MethodCounters counters;
  // Runs on the loop at the end of each call; time is measured only if it is set.
  std::function<void(const Ended& ended)> on_ended;
  CallTracer* tracer = nullptr;  // null: no call is traced
};

}  // namespace rpc
