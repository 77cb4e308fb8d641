#include "api/v3/own_requests.h"

#include <limits>
#include <utility>

#include "base/check.h"
#include "proto/raft_internal.pb.h"
#include "state/kv/request_check.h"

namespace v3 {
namespace {

using etcdserverpb::InternalRaftRequest;

constexpr int64_t kSessionTtlSeconds = 60;
constexpr std::string_view kTextsBegin = "etcdserver: ";

// To what, is still to be set.
etcdserverpb::Compare EqualIn(etcdserverpb::Compare::CompareTarget target, const std::string& key) {
  etcdserverpb::Compare compare;
  compare.set_target(target);
  compare.set_result(etcdserverpb::Compare::EQUAL);
  compare.set_key(key);
  return compare;
}

}  // namespace

base::Status OfOwnClient(const base::Status& status) {
  if (!status.message().starts_with(kTextsBegin)) return status;
  return {base::Code::kUnknown, status.message()};
}

bool TakeIdentity(const Context& context, Call* call) {
  base::Result<auth::Identity> who = context.Identify(*call->rpc);
  if (!who.ok()) {
    call->rpc->Finish(OfOwnClient(who.status()));
    return false;
  }
  call->caller.identity = *std::move(who);
  return true;
}

void RunTxn(const Context& context, const etcdserverpb::TxnRequest& request,
            const server::Caller& caller, OnTxn on_txn) {
  base::Status status = context.quota().Check(kv::QuotaCost(request));
  if (status.ok()) status = kv::Check(request, context.server().options().max_txn_ops);
  if (!status.ok()) return on_txn(OfOwnClient(status));
  context.frontend().Propose(
      InternalRaftRequest::kTxnFieldNumber, request.SerializeAsString(),
      [on_txn = std::move(on_txn)](const apply::Reply& reply) mutable {
        if (!reply.status.ok()) return on_txn(OfOwnClient(reply.status));
        etcdserverpb::TxnResponse response;
        CHECK(response.ParseFromString(reply.body));
        response.mutable_header()->set_revision(reply.revision.value());
        on_txn(std::move(response));
      },
      caller);
}

void DeleteKey(const Context& context, const std::string& key, const server::Caller& caller,
               OnDeleted on_deleted) {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(key);
  const base::Status status = kv::Check(request);
  if (!status.ok()) return on_deleted(OfOwnClient(status));
  context.frontend().Propose(
      InternalRaftRequest::kDeleteRangeFieldNumber, request.SerializeAsString(),
      [on_deleted = std::move(on_deleted)](const apply::Reply& reply) mutable {
        if (!reply.status.ok()) return on_deleted(OfOwnClient(reply.status));
        on_deleted(reply.revision);
      },
      caller);
}

int64_t NewLeaseId(server::Frontend& frontend) {
  int64_t id = 0;
  while (id == 0) {
    id = static_cast<int64_t>(frontend.NewId() & std::numeric_limits<int64_t>::max());
  }
  return id;
}

void LeaseOfSession(const Context& context, int64_t lease, const server::Caller& caller,
                    OnLease on_lease) {
  if (lease != 0) return on_lease(lease);
  base::Status status = context.quota().Check(kv::kLeaseQuotaCost);
  if (status.ok()) status = context.judge().CheckUser(caller.identity);
  if (!status.ok()) return on_lease(OfOwnClient(status));
  etcdserverpb::LeaseGrantRequest request;
  request.set_id(NewLeaseId(context.frontend()));
  request.set_ttl(kSessionTtlSeconds);
  context.frontend().Propose(
      InternalRaftRequest::kLeaseGrantFieldNumber, request.SerializeAsString(),
      [on_lease = std::move(on_lease), id = request.id()](const apply::Reply& reply) mutable {
        if (!reply.status.ok()) return on_lease(OfOwnClient(reply.status));
        on_lease(id);
      },
      caller);
}

etcdserverpb::Compare IsCreatedAt(const std::string& key, int64_t revision) {
  etcdserverpb::Compare compare = EqualIn(etcdserverpb::Compare::CREATE, key);
  compare.set_create_revision(revision);
  return compare;
}

etcdserverpb::Compare IsModifiedAt(const std::string& key, int64_t revision) {
  etcdserverpb::Compare compare = EqualIn(etcdserverpb::Compare::MOD, key);
  compare.set_mod_revision(revision);
  return compare;
}

}  // namespace v3
