#pragma once

#include <etcd/cluster.h>

#include <memory>
#include <vector>

#include "base/status.h"
#include "client/session.h"
#include "runtime/loop.h"
#include "runtime/random.h"

namespace client {

// Has the session go, from now on, to where the voters that have started serve clients; at most
// 1000 endpoints, further ones are passed over, as is what the session cannot use. If no endpoint
// of the session's is in plain text, none becomes one. Fails, with nothing changed, if none is
// left: kInvalidArgument if there was one, kUnavailable if there was none.
base::Status AdoptMembers(const std::vector<etcd::Member>& members, Session* session);

// Does so again and again: asks the cluster for its members, one call at a time, each `interval`,
// or a tenth more or less, after the end of the one before. What fails changes nothing. On the
// session's loop; the session outlives it.
class EndpointSync {
 public:
  EndpointSync(runtime::Loop* loop, Session* session, runtime::Duration interval, uint64_t seed);
  ~EndpointSync();
  EndpointSync(const EndpointSync&) = delete;
  EndpointSync& operator=(const EndpointSync&) = delete;

 private:
  void ArmTimer();
  void Ask();

  Session* const session_;
  const runtime::Duration interval_;
  runtime::Random random_;
  Session::Handle call_;
  // False once this is gone; the end of a call may come after it.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace client
