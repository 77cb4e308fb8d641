#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "base/callback.h"
#include "runtime/loop.h"

namespace runtime {

// The way from any thread to a loop: a bounded queue that wakes its loop once per batch.
//
// Push may be called from any thread; the mailbox is created and destroyed on its loop, or
// before the loop runs and after it has stopped. Messages of one sender arrive in order.
template <typename T>
class Mailbox {
 public:
  // `on_batch` runs on `loop` with everything that has gathered, oldest first, never empty; it
  // may take the elements and must leave the vector to the mailbox. `capacity` bounds what waits
  // for the next batch.
  Mailbox(Loop* loop, size_t capacity, base::Callback<void(std::vector<T>& batch)> on_batch)
      : shared_(std::make_shared<Shared>(loop, capacity, std::move(on_batch))) {}
  ~Mailbox() { shared_->Close(); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // False, with `message` untouched, if the mailbox is full: the sender rejects, pauses or marks
  // its work slow, as its own contract says.
  [[nodiscard]] bool Push(T&& message) {
    bool wake = false;
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->waiting.size() >= shared_->capacity) return false;
      wake = shared_->waiting.empty();
      shared_->waiting.push_back(std::move(message));
    }
    if (wake) {
      shared_->loop->Post([shared = shared_] { shared->Drain(); });
    }
    return true;
  }

 private:
  // Outlives the mailbox while a wake-up is on its way.
  struct Shared {
    Shared(Loop* the_loop, size_t the_capacity, base::Callback<void(std::vector<T>&)> callback)
        : loop(the_loop), capacity(the_capacity), on_batch(std::move(callback)) {}

    void Drain() {
      {
        const std::lock_guard lock(mutex);
        batch.swap(waiting);
      }
      if (on_batch && !batch.empty()) on_batch(batch);
      batch.clear();
    }
    void Close() {
      on_batch = nullptr;
      const std::lock_guard lock(mutex);
      waiting.clear();
    }

    Loop* const loop;
    const size_t capacity;
    base::Callback<void(std::vector<T>&)> on_batch;
    std::vector<T> batch;
    std::mutex mutex;
    std::vector<T> waiting;  // guarded by mutex
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace runtime
