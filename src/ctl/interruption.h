#pragma once

#include <etcd/cancellation.h>

#include <atomic>
#include <functional>
#include <memory>

#include "runtime/posix/loop_pool.h"

namespace ctl {

// Has SIGINT and SIGTERM end what the program waits for, and not the program. Made before the
// client, whose thread keeps the signals off then, too; further signals do nothing.
class Interruption {
 public:
  // `arrived` is called once the handle is canceled, on a thread of this.
  explicit Interruption(std::function<void()> arrived);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Canceled by the first signal.
  const etcd::Cancellation& handle() const { return handle_; }

 private:
  etcd::Cancellation handle_;
  std::atomic<bool> waiting_ = true;
  // Of one thread, which waits for a signal.
  std::unique_ptr<runtime::posix::LoopPool> thread_;
};

}  // namespace ctl
