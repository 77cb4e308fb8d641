#pragma once

#include <optional>

#include "net/http/limits.h"
#include "runtime/time.h"

namespace http {

// Polices the keepalive pings of one client as grpc-go's server does, so that clients configured
// against it are treated the same: pings closer together than allowed are strikes, and the third
// strike ends the connection.
//
// Strikes are forgotten whenever the *server* sends HEADERS or DATA. Clients answer received data
// with pings that measure bandwidth; forgetting by what the server receives would end them.
class PingPolicy {
 public:
  explicit PingPolicy(const Keepalive& keepalive) : keepalive_(keepalive) {}

  // False if this ping is one too many.
  bool OnPing(runtime::TimePoint now, bool has_streams);
  void OnFrameSent() { forgive_ = true; }

 private:
  static constexpr int kMaxStrikes = 2;
  // What is expected of a client that has no call open and no permission to ping then.
  static constexpr runtime::Duration kIdleInterval = std::chrono::hours(2);

  const Keepalive& keepalive_;
  std::optional<runtime::TimePoint> last_ping_;
  int strikes_ = 0;
  bool forgive_ = false;
};

}  // namespace http
