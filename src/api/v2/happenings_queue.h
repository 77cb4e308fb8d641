#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

#include "state/v2/event.h"

namespace v2 {

// What has happened in the tree, on its way from the apply loop to a hub; bounded in bytes. What
// finds no room is left out: the hub sees the gap, and reads the history instead. While the hub has
// nobody to tell, nothing is kept.
class HappeningsQueue {
 public:
  using Batch = std::shared_ptr<const Happenings>;

  explicit HappeningsQueue(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Whether anything is kept from now on. What was pushed before counts no more: so whoever turns
  // it on looks at the tree afterwards. By the hub.
  void Listen(bool listens);
  // False if there is nothing to wake the hub for: it was woken before, or does not listen. Any
  // thread.
  bool Push(const Batch& batch);
  // The oldest; null if none is there. By the hub.
  Batch Take();
  // Whether something was left out since the last call. By the hub, when none is there.
  bool TakeLost();

 private:
  const size_t bytes_max_;
  std::atomic<bool> listens_ = false;
  std::mutex mutex_;
  // These guarded by mutex_.
  std::deque<Batch> waiting_;
  size_t bytes_ = 0;
  bool is_lost_ = false;
};

}  // namespace v2
