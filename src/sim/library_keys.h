#pragma once

#include <etcd/client.h>

#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "sim/library_user.h"

namespace sim {

// Puts, reads and transactions through the client library, of the keys that all clients write.
class LibraryKeys {
 public:
  struct Parts {
    std::function<std::string()> draw_key;
    // A value that nobody writes but who asks for it.
    std::function<std::string()> new_value;
    // A value was put, at a revision.
    std::function<void(base::Revision at, const std::string& key, const std::string& value)> on_put;
    // A write of these values ended so; or they were not taken.
    std::function<void(const std::vector<std::string>& values, const base::Status& status)>
        on_failed;
    std::function<void(const std::vector<std::string>& values)> on_not_taken;
    // An answer at a revision shows a pair.
    std::function<void(base::Revision at, const etcd::KeyValue& kv)> on_seen;
    // Somebody begins a linearizable read; what is returned is told at which revision it was
    // answered.
    using OnRead = std::function<void(base::Revision at)>;
    std::function<OnRead()> begin_read;
  };
  LibraryKeys(LibraryUser* user, const Parts* parts) : user_(*user), parts_(*parts) {}

  void Work();

 private:
  void Put();
  void Get();
  void CompareAndPut();

  LibraryUser& user_;
  const Parts& parts_;
};

}  // namespace sim
