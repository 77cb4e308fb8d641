#pragma once

#include <map>

#include "raft/node.h"
#include "raft/types.h"
#include "runtime/time.h"

namespace server {

// What of the leader's log is kept beyond its bounds: the entries that follow a snapshot which is
// on its way to a follower. Else a follower under load might never catch up: by the time that a
// snapshot has arrived, the log would begin after it, and the next one had to be sent. etcd pauses
// the compaction of its log meanwhile, and for 30 s more. Here a follower's hold advances with it,
// and ends when it has all that is committed, when it has not advanced for kPatience, or when
// another member leads. The raft loop's.
class LogHold {
 public:
  // Of a follower that has its snapshot and stands still.
  static constexpr runtime::Duration kPatience = std::chrono::seconds(30);

  // `member` is sent a snapshot of entry `at` or a later one. Held until Delivered.
  void Begin(base::MemberId member, base::Index at);
  // It was delivered; or it was not, and the log is not kept for it any more.
  void Delivered(base::MemberId member, bool delivered, runtime::TimePoint now);
  // Follows what `node` knows of its followers.
  void Update(const raft::Node& node, runtime::TimePoint now);
  void Clear() { held_.clear(); }

  bool empty() const { return held_.empty(); }
  // Entries up to this one are not held; at most `limit`.
  base::Index Limit(base::Index limit) const;

 private:
  struct Held {
    base::Index have;          // entries up to this one the follower has, or will have
    runtime::TimePoint until;  // without an advance; never while the snapshot is on its way
  };

  // False if it has stood still for too long.
  static bool Follow(Held* held, base::Index match, runtime::TimePoint now);

  std::map<base::MemberId, Held> held_;
};

}  // namespace server
