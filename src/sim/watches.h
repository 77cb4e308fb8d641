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

namespace sim {

// A watch of all keys at each client, that comes back wherever its stream ends, and holds what it
// is told against what etcd promises: every revision once, in order, whole, and the same to
// everybody; progress only up to where everything was told.
class Watches {
 public:
  // Somebody was told that a key was put at a revision.
  using OnPut = std::function<void(base::Revision revision, const mvccpb::KeyValue& kv)>;
  // All outlive this.
  Watches(runtime::simulated::Scheduler* scheduler, Checker* checker,
          const std::vector<Client*>& clients, OnPut on_put);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  // Whether every watch was told of all up to `revision`.
  bool HaveReached(base::Revision revision) const;
  // What a member holds of one revision, in order: each key, and whether it was deleted.
  using Change = std::pair<std::string, bool>;
  void CheckRevision(base::Revision revision, const std::vector<Change>& changes);

  uint64_t events() const { return events_; }

 private:
  class Watch;

  void OnEvents(base::Revision revision, const std::vector<Change>& changes);
  void Fail(const std::string& text);

  runtime::simulated::Scheduler& scheduler_;
  Checker& checker_;
  const OnPut on_put_;
  std::map<base::Revision, std::vector<Change>> told_;
  uint64_t events_ = 0;
  std::vector<std::shared_ptr<Watch>> watches_;
};

}  // namespace sim
