#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/endpoint.h"
#include "client/retry_policy.h"
#include "client/settings.h"
#include "net/rpc/channel.h"
#include "runtime/loop.h"

namespace client {

// What is known of a method of the services beforehand.
struct Method {
  const char* path;  // "/package.Service/Method"
  Repeatable repeatable = Repeatable::kNo;
};

// The side of a client that lives on its loop: the channel, the token, and the calls that are
// under way with their retries. One loop. Not destroyed inside a callback of its own.
class Session {
 public:
  Session(runtime::Loop* loop, runtime::Network* network, Settings settings, uint64_t seed);
  // Ends all calls with kCanceled.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  static constexpr runtime::Duration kNoTimeout = runtime::Duration::max();
  struct Request {
    Method method;
    base::Bytes message;
    // Sent to this endpoint, over a connection of its own; empty: to the next of the channel.
    std::string endpoint = {};
    // Not above 0: the call ends at once.
    runtime::Duration timeout = kNoTimeout;
    bool require_leader = false;
    bool canceled = false;  // before it has begun: ends at once
  };
  // How a call ended.
  struct Ending {
    base::Status status;
    // Of kDeadlineExceeded: why no endpoint could be reached, if that is why.
    std::string cause = {};
  };
  // Receives one message of the answer, valid during the call; false ends the call with kCanceled.
  using Sink = base::Callback<bool(base::ByteView message)>;
  using Done = base::Callback<void(const Ending& ending)>;

  // A call with one request message and any number of answers. `done` runs once, maybe before this
  // returns.
  class Call;
  using Handle = std::weak_ptr<Call>;
  Handle Start(Request request, Sink sink, Done done);
  // A call that is answered by exactly one message, which is valid during `done`.
  using UnaryDone = base::Callback<void(const Ending& ending, base::ByteView reply)>;
  Handle StartUnary(Request request, UnaryDone done);
  // Ends a call with kCanceled, unless it has ended.
  static void Cancel(const Handle& handle);

  // Calls and attempts that begin from now on go to these; those under way stay where they are.
  // kInvalidArgument, with nothing changed, if one cannot be used. Not empty.
  base::Status SetEndpoints(const std::vector<std::string>& endpoints);
  // Asks for a token if there is a password.
  void Authenticate(runtime::Duration timeout, Done done);

 private:
  std::unique_ptr<rpc::Channel> NewChannel(const Settings& settings);
  base::Result<std::unique_ptr<rpc::Channel>> NewChannelTo(const std::string& endpoint);
  base::Result<Endpoint> CheckEndpoint(const std::string& text) const;
  // Lets go of a channel, but not inside one of its events.
  void Retire(std::shared_ptr<rpc::Channel> channel);
  http::Headers Metadata(const Request& request) const;
  void Remove(Call* call);

  runtime::Loop* const loop_;
  runtime::Network* const network_;
  Settings settings_;
  runtime::Random random_;
  std::string token_;
  std::shared_ptr<rpc::Channel> channel_;  // and of the calls that it carries
  std::unordered_map<Call*, std::shared_ptr<Call>> calls_;
  // Channels that nobody needs any more; destroyed outside their events.
  std::vector<std::shared_ptr<rpc::Channel>> retired_;
  std::unique_ptr<runtime::Timer> sweep_;
  bool closing_ = false;
};

}  // namespace client
