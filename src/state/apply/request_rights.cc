#include "state/apply/request_rights.h"

#include <vector>

#include "base/errors.h"
#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "state/apply/planted.h"
#include "state/leases/leases.h"

// Why transactions are walked with a list of those that are left: clients may nest them thousands
// deep. The order does not matter, since each refusal is the same for all that somebody may not
// touch.
//
// Why all branches are looked at, and not the one to be taken: which one that is would tell what
// the compared keys hold.

namespace apply {
namespace {

using auth::Access;
using auth::KeyRange;
using etcdserverpb::InternalRaftRequest;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;

template <typename Request>
KeyRange RangeOf(const Request& request) {
  return {request.key(), request.range_end()};
}

// The checks of one request.
class Check {
 public:
  // `leases` may be null, if nothing is written.
  Check(auth::Judge* judge, const auth::Identity* who, const leases::Leases* leases)
      : judge_(*judge), who_(*who), leases_(leases) {}

  base::Status Range(const etcdserverpb::RangeRequest& request) {
    return Keys(Access::kRead, RangeOf(request));
  }

  // Compat: a lease is not attached by who could not revoke it then.
  base::Status Put(const etcdserverpb::PutRequest& request) {
    const KeyRange key{request.key()};
    RETURN_IF_ERROR(Keys(Access::kWrite, key));
    RETURN_IF_ERROR(Lease(base::LeaseId(request.lease())));
    return request.prev_kv() ? Keys(Access::kRead, key) : base::Status();
  }

  base::Status DeleteRange(const etcdserverpb::DeleteRangeRequest& request) {
    RETURN_IF_ERROR(Keys(Access::kWrite, RangeOf(request)));
    return request.prev_kv() ? Keys(Access::kRead, RangeOf(request)) : base::Status();
  }

  base::Status Txn(const TxnRequest& outermost) {
    left_ = {&outermost};
    while (!left_.empty()) {
      const TxnRequest& request = *left_.back();
      left_.pop_back();
      for (const etcdserverpb::Compare& compare : request.compare()) {
        RETURN_IF_ERROR(Keys(Access::kRead, RangeOf(compare)));
      }
      for (const RequestOp& op : request.success()) RETURN_IF_ERROR(Operation(op));
      for (const RequestOp& op : request.failure()) RETURN_IF_ERROR(Operation(op));
    }
    return {};
  }

  base::Status Lease(base::LeaseId id) {
    return leases_ == nullptr ? base::Status()
                              : CheckLeaseKeys(judge_, who_, Access::kWrite, *leases_, id);
  }

 private:
  base::Status Operation(const RequestOp& op) {
    switch (op.request_case()) {
      case RequestOp::kRequestRange:
        return Range(op.request_range());
      case RequestOp::kRequestPut:
        return Put(op.request_put());
      case RequestOp::kRequestDeleteRange:
        return DeleteRange(op.request_delete_range());
      case RequestOp::kRequestTxn:
        if (base::Planted(PlantedBug::kInnerTransactionsAreNotChecked)) return {};
        left_.push_back(&op.request_txn());
        return {};
      case RequestOp::REQUEST_NOT_SET:
        return {};  // does nothing, or ends the member
    }
    return judge_.CheckRoot(who_);
  }

  base::Status Keys(Access access, const KeyRange& range) {
    return judge_.CheckKeys(who_, access, range);
  }

  auth::Judge& judge_;
  const auth::Identity& who_;
  const leases::Leases* const leases_;
  std::vector<const TxnRequest*> left_;  // transactions that were not looked at
};

bool AsksForRoot(const InternalRaftRequest& request) {
  return request.has_auth_enable() || request.has_auth_disable() || request.has_auth_user_add() ||
         request.has_auth_user_delete() || request.has_auth_user_change_password() ||
         request.has_auth_user_grant_role() || request.has_auth_user_revoke_role() ||
         request.has_auth_role_add() || request.has_auth_role_delete() ||
         request.has_auth_role_grant_permission() || request.has_auth_role_revoke_permission() ||
         request.has_admission_rule_set() || request.has_admission_rule_delete();
}

base::Status CheckRevision(auth::Judge& judge, const auth::Identity& who) {
  const auth::View& view = judge.view();
  const bool is_other = view.enabled && !who.is_nobody() && who.revision != view.revision;
  return is_other ? base::Status(base::errors::kAuthOldRevision) : base::Status();
}

}  // namespace

base::Status CheckRights(auth::Judge& judge, const auth::Identity& who,
                         const etcdserverpb::RangeRequest& request) {
  RETURN_IF_ERROR(Check(&judge, &who, nullptr).Range(request));
  return CheckRevision(judge, who);
}

base::Status CheckRights(auth::Judge& judge, const auth::Identity& who, const TxnRequest& request) {
  RETURN_IF_ERROR(Check(&judge, &who, nullptr).Txn(request));
  return CheckRevision(judge, who);
}

base::Status CheckRights(auth::Judge& judge, const auth::Identity& who,
                         const leases::Leases& leases, const InternalRaftRequest& request) {
  if (!judge.view().enabled) return {};
  Check check(&judge, &who, &leases);
  if (request.has_put()) return check.Put(request.put());
  if (request.has_txn()) return check.Txn(request.txn());
  if (request.has_delete_range()) return check.DeleteRange(request.delete_range());
  if (request.has_lease_revoke()) return check.Lease(base::LeaseId(request.lease_revoke().id()));
  return AsksForRoot(request) ? judge.CheckRoot(who) : base::Status();
}

base::Status CheckLeaseKeys(auth::Judge& judge, const auth::Identity& who, auth::Access access,
                            const leases::Leases& leases, base::LeaseId id) {
  if (judge.CheckRoot(who).ok()) return {};
  base::Status status;
  leases.ForEachKey(id, [&](base::ByteView key) {
    status = judge.CheckKeys(who, access, {key});
    return status.ok();
  });
  return status;
}

}  // namespace apply
