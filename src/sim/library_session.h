#pragma once

#include <etcd/concurrency.h>

#include <cstdint>
#include <memory>

#include "runtime/time.h"
#include "sim/library_user.h"

namespace sim {

// A session of one of the threads that use the client library: of a lease of some seconds, which is
// kept alive, given up or lost.
class LibrarySession {
 public:
  // Outlives this.
  explicit LibrarySession(LibraryUser* user) : user_(*user) {}

  // False: there is none.
  bool Open();
  // Of those that live, some leave their lease to itself. Whether the lease has ended for certain.
  bool End();

  etcd::Session* get() const { return session_.get(); }
  bool is_over() const { return session_->done().canceled(); }
  // Whether its client can be held to that. A client believes in its lease for as long as it was
  // told of, from when it asked, which is no longer than the members do; but one that stood still
  // does not know yet what time it is.
  bool Lives() const;

 private:
  LibraryUser& user_;
  std::unique_ptr<etcd::Session> session_;
  runtime::TimePoint since_;
  uint64_t pauses_before_ = 0;  // of the process, when the session began
};

}  // namespace sim
