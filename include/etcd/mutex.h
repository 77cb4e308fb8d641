#pragma once

#include <cstdint>
#include <string>

#include <etcd/session.h>

namespace etcd {
inline namespace v1 {

// A lock that one session at a time holds, among all that use the same prefix: with this library,
// with clientv3's package concurrency, or with `etcdctl lock`. Whoever waits has a key
// "<prefix>/<lease in hex>" that is with its session's lease; the oldest of these keys holds the
// lock. It is granted in the order in which it was asked for.
//
// A session can be lost while its process believes that it holds the lock, and another one holds it
// then. What must not happen twice is to be guarded: by IsOwner in a transaction, or by token,
// which grows with each holder, where something else is written to.
//
// A session has one place in the queue for a prefix, however many mutexes it has for it: they hold
// the lock together. The session outlives the mutex. One thread at a time; all of this waits, and
// must not be called in a callback of the client (kFailedPrecondition).
class Mutex {
 public:
  Mutex(Session* session, const std::string& prefix);
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  // Waits until the session holds the lock: for as long as it takes unless the options set a
  // timeout. When it fails the session has left the queue, for which up to 5 s more are taken. If
  // leaving fails, the session keeps its place until it is lost or calls Lock again, which may take
  // another place, behind those that wait. A session that already held the lock may still hold it.
  // Beside what any call ends with:
  //
  //   kAborted  "mutex: session is expired"
  Status Lock(const CallOptions& options = {});
  // As Lock, but without waiting for others; 5 s unless the options set a timeout.
  //
  //   kFailedPrecondition  "mutex: Locked by another session"
  Status TryLock(const CallOptions& options = {});
  // Lets the next one have it, or leaves the queue. OK also if the session was lost meanwhile. When
  // it fails it may be tried again, or be done yet: IsOwner may cease to hold at any time until the
  // next Lock.
  //
  //   kFailedPrecondition  "mutex: lock has already been released"
  Status Unlock(const CallOptions& options = {});

  // Holds in a transaction as long as the session holds the lock; never while it was not locked.
  Compare IsOwner() const;
  // The fencing token: the revision at which the session asked for the lock that it holds. Each
  // holder's is larger than those of all holders before. 0: not locked.
  int64_t token() const { return token_; }
  // The session's key; empty if it is not locked.
  const std::string& key() const { return key_; }
  // Of the answer by which the lock was known to be held.
  const ResponseHeader& header() const { return header_; }

 private:
  Status Enter(const CallOptions& options, bool waits);
  Status Leave(const CallOptions& options);
  // Leaves the queue, as far as that can be done, and returns why.
  Status GiveUp(const Status& status);

  Session& session_;
  const std::string prefix_;  // with the slash
  std::string key_;
  int64_t token_ = 0;
  ResponseHeader header_;
};

}  // namespace v1
}  // namespace etcd
