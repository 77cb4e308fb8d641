#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bench/control.h"
#include "bench/fleet.h"
#include "client/watcher.h"

namespace bench {

// Watches on many streams, over connections of a fleet that has one thread. Made and destroyed by
// the main thread.
class WatchStreams {
 public:
  // `streams` over the first so many connections, in turn.
  WatchStreams(Fleet* fleet, Control* control, size_t connections, size_t streams);
  // Ends the watches.
  ~WatchStreams();
  WatchStreams(const WatchStreams&) = delete;
  WatchStreams& operator=(const WatchStreams&) = delete;

  // Begins a watch on a stream. On the fleet's loop, as is what it tells.
  void Start(size_t stream, const etcd::WatchRequest& request, client::Watch::Sink sink);

  // Why a watch has ended by itself, in the words of etcd's tools; empty while none has. Any
  // thread.
  std::string failure() const;

 private:
  Fleet& fleet_;
  Control& control_;
  std::vector<std::unique_ptr<client::Watcher>> watchers_;
  bool closing_ = false;
  mutable std::mutex mutex_;  // guards what follows
  std::string failure_;
};

}  // namespace bench
