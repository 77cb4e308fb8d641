#pragma once

#include <etcd/session.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace etcd {
inline namespace v1 {

// Any thread.
struct Session::State {
  Cancellation keeping;  // ends what keeps the lease alive
  Cancellation done;

  std::mutex mutex;  // of what follows
  std::function<void(const Status& status)> on_done;
  // Of Places: keys, and the create revision of the newest place in doubt there. A departure from
  // an older one finds it gone.
  std::map<std::string, int64_t> places_in_doubt;

  void Finish(const Status& status) {
    done.Cancel();
    std::function<void(const Status& status)> told;
    {
      const std::lock_guard lock(mutex);
      told = std::exchange(on_done, nullptr);
    }
    if (told) told(status);
  }
};

}  // namespace v1
}  // namespace etcd
