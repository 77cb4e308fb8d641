#pragma once

#include <utility>

#include "base/result.h"
#include "state/alarms/alarms.h"
#include "state/apply/reply.h"
#include "state/kv/operation_counts.h"
#include "state/members/membership.h"
#include "storage/mvcc/store.h"

namespace etcdserverpb {
class AlarmRequest;
class CompactionRequest;
class InternalRaftRequest;
}  // namespace etcdserverpb

namespace apply {

// What a committed request does to the state, and what its proposer is answered. Deterministic: the
// same requests on the same state do the same on every member. Belongs to the apply loop.
class Applier {
 public:
  // All outlive this.
  struct Parts {
    mvcc::Store* store;
    members::Membership* membership;
    alarms::Alarms* alarms;
  };
  explicit Applier(const Parts& parts) : parts_(parts) {}

  // Carries out one request; errors of the request are in the reply. `reply_wanted`: somebody waits
  // for it. Fails only if the state can no longer be believed; the member must stop.
  base::Result<Reply> Apply(const etcdserverpb::InternalRaftRequest& request, bool reply_wanted);

  // Whether members, version or alarms have changed since the last call.
  bool TakeViewChanged() { return std::exchange(view_changed_, false); }
  // What was done since the last call.
  kv::OperationCounts TakeCounts() { return std::exchange(counts_, {}); }

 private:
  // Why an alarm that is on forbids the request.
  base::Status CheckAlarms(const etcdserverpb::InternalRaftRequest& request) const;
  base::Result<Reply> Dispatch(const etcdserverpb::InternalRaftRequest& request, bool reply_wanted);
  Reply Compact(const etcdserverpb::CompactionRequest& request);
  Reply ApplyAlarm(const etcdserverpb::AlarmRequest& request);

  const Parts parts_;
  bool view_changed_ = false;
  kv::OperationCounts counts_;
};

}  // namespace apply
