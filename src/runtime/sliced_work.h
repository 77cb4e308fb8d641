#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "runtime/loop.h"

namespace runtime {

// Work of a loop that is done whenever there is some, in slices, so that whatever else the loop is
// asked for has its turn between two of them (see Slice). Belongs to its loop.
class SlicedWork {
 public:
  struct Parts {
    Loop* loop;  // outlives this
    // Does a little of the work, some 0.1 ms, and returns whether there may be more. Does not
    // destroy the SlicedWork.
    std::function<bool()> step;
    // After each slice. Likewise.
    std::function<void()> on_slice = [] {};
  };
  explicit SlicedWork(Parts parts) : parts_(std::move(parts)) {}
  SlicedWork(const SlicedWork&) = delete;
  SlicedWork& operator=(const SlicedWork&) = delete;

  // There is work. It begins in a turn of its own; nothing is called once this is destroyed.
  void Wake();

 private:
  void RunSlice();

  const Parts parts_;
  bool is_posted_ = false;  // a slice, or it runs
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace runtime
