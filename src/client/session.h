#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
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
inline constexpr Method kRangeStream{"/etcdserverpb.KV/RangeStream"};
inline constexpr Method kMemberList{"/etcdserverpb.Cluster/MemberList", Repeatable::kYes};
// One token more does no harm.
inline constexpr Method kAuthenticate{"/etcdserverpb.Auth/Authenticate", Repeatable::kYes};

class LogIn;

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
    // When a member that refused it as too early may be asked again.
    RetryAfter retry_after = {};
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

  // ---- For calls with any number of messages both ways ----

  // Begins one, with the session's metadata. It waits for a connection and is not tried again; its
  // handler may be told of its end before this returns. Not to `avoided_endpoint`, the endpoint()
  // of an earlier one, if there is another.
  std::shared_ptr<rpc::ClientCall> StartStream(const char* path, bool require_leader,
                                               uint32_t avoided_endpoint,
                                               std::unique_ptr<rpc::ClientHandler> handler);
  // Whether a call that failed so needs a new token, which can be asked for.
  bool NeedsToken(const base::Status& status) const;
  size_t EndpointCount() const;
  // How long to wait before attempt number `attempt` at one of so many endpoints.
  runtime::Duration WaitBefore(size_t attempt, size_t endpoints);
  // Why no endpoint can be reached; empty while one is connected.
  std::string WhyNobodyAnswers() const;
  // kResourceExhausted if a request of that size is not sent.
  base::Status CheckRequestSize(size_t bytes) const;
  const Settings& settings() const { return settings_; }
  runtime::Loop& loop() { return *loop_; }

  // Calls and attempts that begin from now on, and those that wait, go to these; those under way
  // stay where they are. kInvalidArgument, with nothing changed, if one cannot be used or there are
  // none.
  base::Status SetEndpoints(const std::vector<std::string>& endpoints);
  const std::vector<std::string>& endpoints() const { return settings_.endpoint_names; }
  // Whether it may take the place of those: SetEndpoints takes it, and it is not in plain text
  // where all of them are with TLS.
  base::Status MayReplace(const std::string& endpoint) const;

  // ---- The token ----

  // Of that which calls are sent with from now on; each new one has a higher.
  uint64_t token_number() const;
  // Has a new one asked for, once for all who want one meanwhile; OK where authentication is not
  // enabled, and without a password. `done` runs once, maybe before this returns, unless the ticket
  // is given up before.
  using Ticket = uint64_t;  // from 1 on
  Ticket RenewToken(runtime::Duration timeout, Done done);
  void GiveUpToken(Ticket ticket);

 private:
  std::unique_ptr<rpc::Channel> NewChannel(const Settings& settings);
  base::Result<std::unique_ptr<rpc::Channel>> NewChannelTo(const std::string& endpoint);
  base::Result<Endpoint> CheckEndpoint(const std::string& text) const;
  // Lets go of a channel, but not inside one of its events.
  void Retire(std::unique_ptr<rpc::Channel> channel);
  http::Headers Metadata(const Request& request) const;
  void Remove(uint64_t number);
  Credentials credentials() const;

  runtime::Loop* const loop_;
  runtime::Network* const network_;
  Settings settings_;
  runtime::Random random_;
  const std::unique_ptr<rpc::Channel> channel_;
  const std::unique_ptr<LogIn> log_in_;
  std::map<uint64_t, std::shared_ptr<Call>> calls_;  // by number, in the order of their beginning
  uint64_t calls_made_ = 0;
  // Channels of single calls that have ended; destroyed outside their events.
  std::vector<std::unique_ptr<rpc::Channel>> retired_;
  std::unique_ptr<runtime::Timer> sweep_;
  bool closing_ = false;
};

}  // namespace client
