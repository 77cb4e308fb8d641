#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "runtime/posix/loop_pool.h"
#include "runtime/posix/parker.h"

namespace ctl {

// Does something again and again, on a thread of its own, as long as this lives.
class Repeated {
 public:
  // After each `period`. `name`: of the thread.
  Repeated(const std::string& name, runtime::Duration period, std::function<void()> act);
  // Waits for what is being done.
  ~Repeated();
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;

 private:
  std::atomic<bool> ended_ = false;
  runtime::posix::Parker parker_;
  std::unique_ptr<runtime::posix::LoopPool> thread_;
};

}  // namespace ctl
