#pragma once

#include <etcd/kv.h>
#include <etcd/session.h>

#include <optional>
#include <string>

#include "runtime/time.h"

namespace client {

// What a call that consists of calls of the client has for them: the time that is left of its own,
// and its handle. They end with the session, too, if there is one. Any thread.
class Steps {
 public:
  // The session or the client outlives it.
  Steps(const etcd::Session& session, const etcd::CallOptions& options,
        etcd::Duration default_timeout);
  // Of what no session is needed for.
  Steps(const etcd::Client& client, const etcd::CallOptions& options,
        etcd::Duration default_timeout);

  // Of the next of the calls.
  etcd::CallOptions Next() const;
  // Not OK if the time is over, or the handle canceled: what a next call would end with.
  etcd::Status Over() const;
  // Why the call fails one of whose calls failed so: `session_is_over` if it ended for that.
  etcd::Status Explain(const etcd::Status& status, const etcd::Status& session_is_over) const;

 private:
  void SetDeadline(etcd::Duration timeout);

  const etcd::Session* const session_;
  const runtime::Clock& clock_;
  etcd::CallOptions options_;
  std::optional<etcd::Cancellation> own_handle_;
  std::optional<runtime::TimePoint> deadline_;
};

// Waits until the key is deleted from this revision on: true; false if that is compacted, and the
// key is to be looked for anew.
etcd::Result<bool> AwaitDeletion(etcd::Client& client, const std::string& key,
                                 int64_t start_revision, const Steps& steps);

// Waits until no key of the prefix is left that was created at this revision or before.
etcd::Status AwaitDeletions(etcd::Client& client, const std::string& prefix,
                            int64_t max_create_revision, const Steps& steps);

// Whether a write that ended so may have been done, or be done yet.
bool MayBeDone(const etcd::Status& status);

// The key that a session has for a prefix, which ends with a slash.
std::string SessionKey(const std::string& prefix, const etcd::Session& session);

// Holds in a transaction as long as the key is there that was created at this revision; never if
// that is 0.
etcd::Compare IsCreatedAt(const std::string& key, int64_t create_revision);

}  // namespace client
