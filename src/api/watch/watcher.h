#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "api/watch/wish.h"
#include "base/ids.h"
#include "base/shared_bytes.h"
#include "base/status.h"

namespace watch {

struct Interest;
class Receiver;

// One watch of one receiver. It is in a group of the hub, or, while its receiver takes nothing, a
// cursor: no more than the revision from which it will catch up. The hub keeps the fields after
// `progress_notify`, but for where it begins.
struct Watcher {
  Receiver* receiver = nullptr;
  int64_t id = 0;  // the receiver's name for it
  std::shared_ptr<const Wish> wish;
  bool fragments = false;  // an answer that is long may be split
  bool progress_notify = false;

  bool told = false;  // events, since whoever reads this has cleared it
  // As whose rights were when it was found that its client may read this; 0: not yet.
  uint64_t rights = 0;
  // Where its changes come from; null while it is a cursor.
  Interest* interest = nullptr;
  size_t place = 0;    // in it
  uint64_t batch = 0;  // the last one that it was given
  // Of a cursor: the first revision that it was not told of. Before its first suspension: the start
  // that its client asked for, which may be to come; 0: now.
  int64_t next = 0;
};

// Whom the watchers of one stream tell. Lives on the hub's loop and outlives its watchers.
class Receiver {
 public:
  Receiver() = default;
  virtual ~Receiver() = default;
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // Whether it takes more now. If not, what its watchers are to be told waits as a revision each.
  virtual bool writable() const = 0;
  // Whether the client may read what the watcher watches, as rights are now. Asked before it is
  // told something for the first time, and again when rights have changed (Hub::Parts::rights).
  virtual base::Status CheckRights(const Watcher&) { return {}; }
  // Frames of gRPC for the client. May destroy watchers, also `watcher`.
  virtual void OnEvents(Watcher& watcher, base::SharedBytes frames) = 0;
  // The watcher, which the hub has let go of, gets nothing more: `compacted` is where the store
  // begins now, or if that is 0, `why` tells, such as what CheckRights said. May destroy watchers,
  // also `watcher`.
  virtual void OnLost(Watcher& watcher, base::Revision compacted, const base::Status& why) = 0;

 private:
  friend class Hub;

  uint64_t number_ = 0;  // the hub's name for it, from its first watcher on
  // Its cursors by their next revision and id: those that are furthest behind come first.
  std::map<std::pair<int64_t, int64_t>, Watcher*> cursors_;
};

}  // namespace watch
