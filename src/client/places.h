#pragma once

#include <etcd/kv.h>
#include <etcd/session.h>

#include <cstdint>
#include <string>
#include <vector>

#include "client/steps.h"

namespace etcd {
inline namespace v1 {

// How sessions take and leave places in queues. A place is a key that has the session's lease, and
// was created at some revision.
//
// Whoever is not told that it has left may have left, or leave yet: the request may be on its way
// for as long as a member waits for others. So a departure is bound to the revision at which the
// key was created, and the session remembers which it is in doubt of. It does not go on with such a
// place, which may vanish under it, but leaves it for certain and takes another. (clientv3 goes
// on.)
//
// Any thread.
class Places {
 public:
  // Puts the key with the session's lease unless it is there, and does `reads` at the same time:
  // those are the answers behind the first, which is that of the put, or what there is.
  static Result<TxnResponse> Take(const Session& session, const std::string& key,
                                  const std::string& value, const std::vector<Op>& reads,
                                  const client::Steps& steps);
  // At which the key was created, by the answer of Take.
  static int64_t CreateRevision(const TxnResponse& taken);

  // Whether it was there is whether the transaction has succeeded.
  static Result<TxnResponse> Leave(const Session& session, const std::string& key,
                                   int64_t create_revision, const CallOptions& options);
  // One after the other, whatever their revisions are. As far as that can be done, in at most 5 s.
  static void LeaveAny(const Session& session, const std::vector<std::string>& keys);
  static bool IsInDoubt(const Session& session, const std::string& key, int64_t create_revision);
};

}  // namespace v1
}  // namespace etcd
