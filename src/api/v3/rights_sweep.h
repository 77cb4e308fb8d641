#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/check.h"
#include "runtime/loop.h"
#include "runtime/sliced_work.h"

namespace v3 {

class WatchCall;

// Ends the watches of those who may not read them any more, which may be many: in slices of its
// loop. That nothing is told meanwhile is the hub's to see to.
class RightsSweep {
 public:
  // `loop` outlives this.
  explicit RightsSweep(runtime::Loop* loop)
      : work_({.loop = loop, .step = [this] { return CheckSome(); }}) {}
  ~RightsSweep() { DCHECK(calls_.empty()); }

  // Every call, from its beginning to its end; with its number, for that.
  uint64_t Add(WatchCall* call) {
    calls_.emplace(++last_number_, call);
    return last_number_;
  }
  void Remove(uint64_t number) { calls_.erase(number); }

  // Somebody's rights have changed. What a sweep that is under way had left begins anew.
  void Begin();

 private:
  // Whether there is more to check.
  bool CheckSome();

  std::map<uint64_t, WatchCall*> calls_;
  uint64_t last_number_ = 0;
  std::vector<std::weak_ptr<WatchCall>> left_;
  runtime::SlicedWork work_;
};

}  // namespace v3
