#pragma once

#include <etcd/watch.h>

#include <memory>

#include "client/session.h"
#include "client/watch.h"
#include "client/watch_stream.h"
#include "runtime/time.h"

namespace client {

// All watches of a client. On the session's loop; the session outlives it.
class Watcher {
 public:
  explicit Watcher(Session* session)
      : session_(*session), stream_(session, false), stream_with_leader_(session, true) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  struct Options {
    // Not above 0: the watch ends at once.
    runtime::Duration timeout = Session::kNoTimeout;
    bool require_leader = false;
    bool canceled = false;  // before it has begun: ends at once
  };
  using Handle = std::weak_ptr<Watch>;

  // `done` runs once, maybe before this returns.
  Handle Start(const etcd::WatchRequest& request, const Options& options, Watch::Sink sink,
               Watch::Done done);
  // Ends a watch with kCanceled, unless it has ended. Not inside its sink.
  void Cancel(const Handle& handle);
  // As etcd::Client::RequestProgress.
  void RequestProgress(bool require_leader) { StreamFor(require_leader).RequestProgress(); }

 private:
  WatchStream& StreamFor(bool require_leader) {
    return require_leader || session_.settings().require_leader ? stream_with_leader_ : stream_;
  }

  Session& session_;
  // What is told to members beside the requests differs by nothing else.
  WatchStream stream_;
  WatchStream stream_with_leader_;
};

}  // namespace client
