#pragma once

#include <cstdint>
#include <string>

#include <etcd/client.h>
#include <etcd/session.h>

namespace etcd {
inline namespace v1 {

// Holds up all that wait at a key while the key is there: with this library, or with etcd's
// experimental recipes. The key has no lease: it is there until somebody releases the barrier,
// whatever becomes of who holds it.
//
// The client outlives it. Any thread may call anything at any time; all of this waits, and must not
// be called in a callback of the client (kFailedPrecondition).
class Barrier {
 public:
  Barrier(Client* client, std::string key);

  //   kAlreadyExists  "key already exists": somebody holds it
  Status Hold(const CallOptions& options = {});
  // Lets all go that wait. OK also if nobody held it.
  Status Release(const CallOptions& options = {});
  // Waits until the barrier is released, for as long as it takes unless the options set a timeout;
  // not at all if nobody holds it. It may be held again when this returns.
  Status Wait(const CallOptions& options = {}) const;

 private:
  Client& client_;
  const std::string key_;
};

// Has a number of participants begin together and end together: with this library, or with etcd's
// experimental recipes.
//
//   <key>/waiters/<nanoseconds>   of each participant, from Enter to Leave, with its session's
//   lease <key>/ready                   put when as many are there as are to be
//
// A participant whose session is lost is there no longer: before all have entered another may take
// its place, and those that leave do not wait for it. Until its lease has ended it counts.
//
// The session outlives it. One thread at a time; all of this waits, and must not be called in a
// callback of the client (kFailedPrecondition).
class DoubleBarrier {
 public:
  // `count`: of the participants, the same for all, each with a DoubleBarrier of its own. They may
  // share a session.
  DoubleBarrier(Session* session, const std::string& key, int64_t count);
  DoubleBarrier(const DoubleBarrier&) = delete;
  DoubleBarrier& operator=(const DoubleBarrier&) = delete;

  // Waits until `count` participants have been there at the same time: for as long as it takes
  // unless the options set a timeout. When it fails this one is there no longer, for which up to
  // 5 s more are taken; if that could not be done, it counts until its session is lost. (If it was
  // the last that was waited for, the others may have been let in.) Beside what any call ends with:
  //
  //   kAborted             "barrier: session is expired"
  //   kFailedPrecondition  "too many clients": there are `count` without this one, or some of those
  //                        that entered together have not left yet
  //   kFailedPrecondition  "barrier: entered already"
  Status Enter(const CallOptions& options = {});
  // Leaves, and waits until all have left that entered together: for as long as it takes unless the
  // options set a timeout. When it fails it may be tried again, and goes on.
  //
  //   kAborted             "barrier: session is expired": nobody waits for this one, but others may
  //                        still be there
  //   kFailedPrecondition  "barrier: not entered"
  Status Leave(const CallOptions& options = {});

 private:
  class Arrival;

  Session& session_;
  const std::string waiters_prefix_;
  const std::string ready_key_;
  const int64_t count_;
  std::string key_;            // empty: it is not there
  int64_t since_ = 0;          // the create revision of the key
  int64_t leaves_before_ = 0;  // not 0: waits for those whose keys were created before
};

}  // namespace v1
}  // namespace etcd
