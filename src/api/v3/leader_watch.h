#pragma once

#include <memory>
#include <vector>

#include "runtime/loop.h"
#include "server/progress.h"

namespace v3 {

class StreamCall;

// Ends the streams of clients that ask for a leader (`hasleader`) with kNoLeader, once the member
// has known of none for three election timeouts: only then, since a stream that was ended costs
// more than a request that is refused. Belongs to one net loop. It keeps none of the streams alive,
// and forgets those that have ended: what it holds is bounded by them.
class LeaderWatch {
 public:
  // All outlive this. May be made on another thread.
  LeaderWatch(runtime::Loop* loop, const server::Progress* progress,
              runtime::Duration election_timeout);

  void Add(std::weak_ptr<StreamCall> stream);

 private:
  void Look();
  void End();

  runtime::Loop* const loop_;
  const server::Progress* const progress_;
  const runtime::Duration election_timeout_;
  std::unique_ptr<runtime::Timer> timer_;  // armed while there are streams
  int looks_without_leader_ = 0;           // in a row
  std::vector<std::weak_ptr<StreamCall>> streams_;
};

}  // namespace v3
