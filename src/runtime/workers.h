#pragma once

#include "base/callback.h"
#include "runtime/loop.h"

namespace runtime {

// Threads for work that blocks or takes long (disk, bcrypt, a slow signature), so that no loop
// ever does. Any thread.
class Workers {
 public:
  virtual ~Workers() = default;
  // Runs `work` on some worker, then `done` on `reply_to`. False, with nothing run, if the
  // bounded queue is full. Both callables are destroyed on `reply_to` or where they last ran.
  [[nodiscard]] virtual bool Run(base::Callback<void()> work, Loop* reply_to,
                                 base::Callback<void()> done) = 0;
};

}  // namespace runtime
