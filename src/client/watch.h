#pragma once

#include <etcd/watch.h>

#include <memory>
#include <string>

#include "base/callback.h"
#include "base/status.h"
#include "client/retry_policy.h"
#include "proto/rpc.pb.h"
#include "runtime/loop.h"

namespace client {

// One watch of a user: what it was asked for, how far it has got, and whom it tells. It knows
// nothing of the streams that bring it responses; one after the other may. On the session's loop.
class Watch {
 public:
  // Receives one response; false ends the watch.
  using Sink = base::Callback<bool(etcd::WatchResponse response)>;
  struct Ending {
    base::Status status;  // not OK
    // Of kDeadlineExceeded: why no member could be reached, if that is why.
    std::string cause = {};
    // As in etcd::WatchEnding.
    etcd::ResponseHeader header = {};
    int64_t compact_revision = 0;
    std::string cancel_reason = {};
    // When a member that refused it as too early may be asked again.
    RetryAfter retry_after = {};
  };
  using Done = base::Callback<void(const Ending& ending)>;

  // `response_bytes_max` bounds what may come in parts. `done` runs once.
  Watch(const etcd::WatchRequest& request, size_t response_bytes_max, Sink sink, Done done);

  // What asks a member for all that has not been told.
  const etcdserverpb::WatchCreateRequest& NextRequest() const { return request_; }

  // A member has begun to serve it, at this revision.
  base::Status OnCreated(const etcdserverpb::WatchResponse& message);
  // Events, or progress. Not OK: why the watch ends.
  base::Status OnResponse(etcdserverpb::WatchResponse&& message);
  // Nothing more comes from where the last responses came from.
  void OnBroken();

  void End(const Ending& ending);
  bool ended() const { return ended_; }

  // Has the timer tell when its time is over; it goes with the end of the watch.
  void SetTimer(std::unique_ptr<runtime::Timer> timer) { timer_ = std::move(timer); }

 private:
  base::Status Tell(etcd::WatchResponse response);

  // Its start is the next revision that is to be told; 0 until it has begun.
  etcdserverpb::WatchCreateRequest request_;
  bool created_notify_;
  const size_t response_bytes_max_;
  Sink sink_;
  Done done_;
  etcd::WatchResponse parts_;  // of a response that is not whole
  size_t parts_bytes_ = 0;
  bool ended_ = false;
  std::unique_ptr<runtime::Timer> timer_;
};

// Why a member has ended a watch, from the response that says so.
Watch::Ending EndingOf(const etcdserverpb::WatchResponse& message);

}  // namespace client
