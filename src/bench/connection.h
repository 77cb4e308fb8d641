#pragma once

#include <memory>
#include <string>

#include "base/callback.h"
#include "base/status.h"
#include "client/endpoint_sync.h"
#include "client/session.h"
#include "net/rpc/message.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace bench {

// A connection to each endpoint of the cluster, with who asks: what carries the requests under
// load. Nothing is tried again, so that each request is one; but for a token that has run out,
// which is renewed. One loop; not destroyed inside a callback of its own.
class Connection {
 public:
  Connection(runtime::Loop* loop, runtime::Network* network, client::Settings settings,
             uint64_t seed);

  // Logs in, if there is a password, and asks an endpoint for its state: `done` learns whether
  // there is an answer within `timeout`, and why not.
  using Opened = base::Callback<void(const client::Session::Ending& ending)>;
  void Open(runtime::Duration timeout, Opened done);

  struct Request {
    const char* path;  // "/package.Service/Method"
    rpc::Message message;
    bool wants_answer = false;
  };
  // A call with one request. `done` gets the last answer, if it is wanted, valid during the call.
  using Done = base::Callback<void(const base::Status& status, base::ByteView answer)>;
  void Call(Request request, Done done);

  // Why no endpoint can be reached; empty while one is connected.
  std::string WhyNobodyAnswers() const { return session_.WhyNobodyAnswers(); }
  client::Session& session() { return session_; }

 private:
  class Handler;
  // A call that was begun, and what it takes to begin it anew.
  struct Begun {
    const char* path;
    bool wants_answer;
    Done done;
    base::Bytes message;  // kept where a token may run out
    bool renewed = false;
  };

  void Begin(Begun begun, rpc::Message message);
  void OnFinished(Begun begun, const base::Status& status, base::ByteView answer);

  const bool logs_in_;
  client::Session session_;
  std::unique_ptr<client::EndpointSync> sync_;
};

}  // namespace bench
