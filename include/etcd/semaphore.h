#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <etcd/session.h>

namespace etcd {
inline namespace v1 {

struct SemaphoreOptions {
  // How many sessions may hold it, if nobody has said so yet. Not negative.
  int64_t limit = 1;
  // Who this is, for people who look at the state.
  std::string name = {};
};

// What there is of a semaphore, at one revision.
struct SemaphoreState {
  ResponseHeader header = {};
  std::optional<int64_t> limit = {};  // not set: nobody has set one yet
  int64_t limit_revision = 0;         // at which it was set; 0: it was not
  // The keys of the sessions, oldest first, with the names as values and the sessions' leases. The
  // create revision of a holder's is its token.
  std::vector<KeyValue> holders = {};
  std::vector<KeyValue> waiters = {};
};

// What several sessions hold at a time, up to a limit, among all that use the same prefix: three of
// a hundred machines may restart at once. Who asked before is let in before, and a session that is
// lost gives back what it held.
//
//   <prefix>/limit                    in decimal
//   <prefix>/waiters/<lease in hex>   of a session that waits, with its lease
//   <prefix>/holders/<lease in hex>   of one that holds it, with its lease
//
// The limit is the prefix's, not the process's. Who acquires sets it if there is none; of two that
// do so at the same time the first one has set it. All go by it from then on, whatever their own
// options say, until SetLimit changes it for all, which wakes those that wait. A session is let in
// by a transaction that holds only with the limit that the session has read: never are there more
// holders than the limit was when the last of them was let in. A lower one takes nothing from who
// holds it: nobody is let in until there are fewer. With 0 nobody is.
//
// A session can be lost while its process believes that it holds the semaphore. What must not be
// done then is to be guarded by IsHolder in a transaction; elsewhere by the token, which names one
// holding, and is larger than those of all that were let in before.
//
// A session holds it once, however many semaphores it has for the prefix. Each one that waits is
// told of all that come and go: it is for hundreds. The session outlives it. One thread at a time;
// all of this waits, and must not be called in a callback of the client (kFailedPrecondition).
class Semaphore {
 public:
  Semaphore(Session* session, const std::string& prefix, SemaphoreOptions options = {});
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Waits until the session holds it: for as long as it takes unless the options set a timeout.
  // When it fails the session waits no longer, for which up to 5 s more are taken; if that could
  // not be done, it has its place until it is lost, or acquires again. (If it held it before, and
  // that could not be asked, it holds it still.) Beside what any call ends with:
  //
  //   kAborted             "semaphore: session is expired"
  //   kInvalidArgument     "semaphore: limit is negative", that of the options
  //   kFailedPrecondition  "semaphore: limit is not a number", that of the prefix
  Status Acquire(const CallOptions& options = {});
  // As Acquire, but without waiting for others; 5 s unless the options set a timeout.
  //
  //   kFailedPrecondition  "semaphore: no slot is free", or all that are belong to who came before
  Status TryAcquire(const CallOptions& options = {});
  // Gives it back. OK also if the session was lost meanwhile. When it fails it may be tried again,
  // or be done yet: IsHolder may cease to hold at any time until the next Acquire, which may take
  // another place, behind those that wait.
  //
  //   kFailedPrecondition  "semaphore: slot has already been released"
  Status Release(const CallOptions& options = {});

  // Holds in a transaction as long as the session holds the semaphore; never while it does not.
  Compare IsHolder() const;
  // The revision at which the session was let in. 0: it does not hold it.
  int64_t token() const { return token_; }
  // The session's key as a holder; empty if it is none.
  const std::string& key() const { return key_; }
  // Of the answer by which it was known to be a holder.
  const ResponseHeader& header() const { return header_; }

  // For anybody, with or without a session.
  //
  //   kFailedPrecondition  "semaphore: limit is not a number"
  static Result<SemaphoreState> State(Client* client, const std::string& prefix,
                                      const CallOptions& options = {});
  // From then on this limit is the prefix's; of two at the same time the later one.
  //
  //   kInvalidArgument  "semaphore: limit is negative"
  static Status SetLimit(Client* client, const std::string& prefix, int64_t limit,
                         const CallOptions& options = {});

 private:
  Status Enter(const CallOptions& options, bool waits);

  Session& session_;
  const std::string prefix_;  // with the slash
  const SemaphoreOptions options_;
  std::string key_;
  int64_t token_ = 0;
  ResponseHeader header_;
};

}  // namespace v1
}  // namespace etcd
