#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/callback.h"
#include "base/status.h"
#include "runtime/time.h"
#include "server/apply_loop.h"
#include "server/environment.h"
#include "server/metrics.h"
#include "storage/backend/backend.h"

namespace server {

// Defragments the database, one run at a time. Who asks while one is under way waits for the next,
// which all who came by then share: it begins after each of them has asked, and that is all that
// they can tell from runs of their own.
//
// Any thread. Answers come on the apply loop, once, unless the member ends before. Each is awaited
// by a call, which bounds them.
class Defragmenter {
 public:
  Defragmenter(const Environment& environment, ApplyLoop* apply_loop)
      : environment_(environment), apply_loop_(*apply_loop), metrics_(environment.registry) {}

  // With what the client is told. kTooManyRequests if the workers have no room, kStopped if the
  // member stops before the end.
  using OnDone = base::Callback<void(const base::Status& status)>;
  void Run(OnDone on_done);
  // A run ends at its next step, and none begins any more. Any thread.
  void Stop() { stopping_ = true; }

 private:
  struct Work {
    std::shared_ptr<apply::State> state;
    std::vector<OnDone> asked;
    runtime::TimePoint start;
    backend::Sizes before;
    base::Status status;
  };

  void Begin();
  void End(Work& work);

  const Environment environment_;
  ApplyLoop& apply_loop_;
  std::atomic<bool> stopping_ = false;

  // The apply loop's.
  DefragmentMetrics metrics_;
  std::vector<OnDone> waiting_;  // for the next run
  bool runs_ = false;
};

}  // namespace server
