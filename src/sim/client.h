#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/callback.h"
#include "base/status.h"
#include "net/rpc/channel.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"

namespace sim {

// How a call ended, as far as its client can know.
enum class Outcome : uint8_t {
  kAnswered,     // by a member, with OK or an error
  kUnprocessed,  // it failed; no member has carried it out, or will
  kGivenUp,      // by the client: it was canceled, or waited long enough
  kLost,         // with its connection
};

// A client of the cluster: a gRPC channel to every member, on a host, a loop and wires of its own.
// It may be told from any loop what to do.
class Client {
 public:
  struct Options {
    std::string host;
    http::Keepalive keepalive;
    uint64_t seed = 0;  // of its back-off
    http::Limits limits = {};
  };
  // Both outlive this. It reaches nobody before Dial.
  Client(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
         Options options);
  // After Close, and after a turn of the loop.
  ~Client();

  // Connects to these members, and again whenever a connection is lost. Gives up what is under way,
  // as a process does that ends and starts anew.
  void Dial(std::vector<runtime::Address> members);
  // Gives up what is under way.
  void Close();

  struct Call {
    const char* path = nullptr;
    std::string request;
    std::string token;  // by which the user is known; empty: it does not say who asks
    runtime::Duration timeout{0};
    // Waits for a member that can be reached, instead of ending with kUnavailable.
    bool wait_for_ready = false;
    std::optional<runtime::Duration> cancel_after;
  };
  struct Answer {
    Outcome outcome;
    base::Status status;
    base::ByteView reply;  // empty unless the status is OK
  };
  // Runs on the client's loop, once, unless the client is closed.
  using Done = base::Callback<void(const Answer& answer)>;
  void Start(Call call, Done done);

  // What comes on a stream, on the client's loop; `on_end` is the last, and comes once unless the
  // loop ends before.
  struct Stream {
    std::function<void(rpc::ClientCall& call, base::ByteView message)> on_message;
    std::function<void()> on_end;
  };
  // Begins a call of many messages with the first ones, as the user of the token. The member ends
  // it if it has no leader, as one has none that was removed and does not know.
  void OpenStream(const char* path, std::string token, std::vector<std::string> requests,
                  Stream stream);
  // It stands still for so long: what reaches it waits, and it reads nothing.
  void StandStill(runtime::Duration duration);
  // It does so no more.
  void Wake();
  // Runs `task` on the client's loop, after so long.
  void After(runtime::Duration delay, base::Callback<void()> task);

  const std::string& host() const { return options_.host; }

 private:
  class Handler;
  class StreamHandler;

  void Begin(Call call, Done done);

  runtime::simulated::Scheduler* const scheduler_;
  const Options options_;
  const std::unique_ptr<runtime::Loop> loop_;
  const std::unique_ptr<runtime::Loop> alarm_;  // goes on meanwhile
  uint64_t standstills_ = 0;
  const std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<rpc::Channel> channel_;
};

}  // namespace sim
