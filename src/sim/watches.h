#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "proto/rpc.pb.h"
#include "runtime/random.h"
#include "runtime/simulated/scheduler.h"
#include "sim/checker.h"
#include "sim/client.h"
#include "sim/key_history.h"
#include "sim/watch_order.h"

namespace sim {

// A watch of all keys at each client, that comes back wherever its stream ends, and holds what it
// is told against what etcd promises: every revision once, in order, whole, and the same to
// everybody; progress just where everything was told.
class Watches {
 public:
  // Somebody was told that a key was put at a revision.
  using OnPut = std::function<void(base::Revision revision, const mvccpb::KeyValue& kv)>;
  // Somebody was told for the first time what a revision does, in order.
  using OnRevision =
      std::function<void(base::Revision revision, const std::vector<KeyChange>& changes)>;
  // As whom the clients watch, and what is done when a member does not know that.
  struct As {
    std::function<std::string()> token;
    std::function<void()> on_refused;
  };
  // All outlive this.
  Watches(runtime::simulated::Scheduler* scheduler, Checker* checker,
          const std::vector<Client*>& clients, As as, OnPut on_put, OnRevision on_revision);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  // One of them does not read for so long, from what comes next on.
  void Pause(runtime::Duration duration);
  // None is told of anything any more.
  void Stop();

  // Whether every watch was told of all up to `revision`.
  bool HaveReached(base::Revision revision) const;
  // What a member holds of one revision, in order.
  void CheckRevision(base::Revision revision, const std::vector<KeyChange>& changes);

  // Of further watches of all keys, which are held against the others.
  WatchOrder::Parts parts();

  uint64_t events() const { return events_; }
  // That were behind a compaction when they were read again.
  uint64_t passed_by() const { return passed_by_; }

 private:
  class Watch;

  void OnEvents(base::Revision revision, const std::vector<KeyChange>& changes);
  void Fail(const std::string& text);

  runtime::simulated::Scheduler& scheduler_;
  Checker& checker_;
  const As as_;
  const OnPut on_put_;
  const OnRevision on_revision_;
  std::map<base::Revision, std::vector<KeyChange>> told_;
  uint64_t events_ = 0;
  uint64_t passed_by_ = 0;
  std::vector<std::shared_ptr<Watch>> watches_;
};

}  // namespace sim
