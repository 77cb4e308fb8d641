#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "runtime/loop.h"

namespace v3 {

class WatchCall;

// Ends the watches of those who may not read them any more, which may be many: in slices of its
// loop. That nothing is told meanwhile is the hub's to see to.
class RightsSweep {
 public:
  // `loop` outlives this.
  explicit RightsSweep(runtime::Loop* loop) : loop_(*loop) {}

  // Every call, from its beginning to its end.
  void Add(WatchCall* call) { calls_.insert(call); }
  void Remove(WatchCall* call) { calls_.erase(call); }

  // Somebody's rights have changed. What a sweep that is under way had left begins anew.
  void Begin();

 private:
  void PostSlice();
  void OnSlice();

  runtime::Loop& loop_;
  std::unordered_set<WatchCall*> calls_;
  std::vector<std::weak_ptr<WatchCall>> left_;
  bool posted_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace v3
