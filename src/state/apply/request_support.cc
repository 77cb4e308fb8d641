#include "state/apply/request_support.h"

#include <vector>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "raft/codec.h"
#include "state/apply/request_codec.h"
#include "state/apply/request_type.h"
#include "state/members/member.h"

namespace apply {
namespace {

using etcdserverpb::InternalRaftRequest;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;

// Without recursion: what is within what else may be deep.
bool AllOperationsAreKnown(const TxnRequest& outermost) {
  std::vector<const TxnRequest*> left{&outermost};
  while (!left.empty()) {
    const TxnRequest& txn = *left.back();
    left.pop_back();
    for (const auto* const operations : {&txn.success(), &txn.failure()}) {
      for (const RequestOp& operation : *operations) {
        if (operation.request_case() == RequestOp::REQUEST_NOT_SET) return false;
        if (operation.has_request_txn()) left.push_back(&operation.request_txn());
      }
    }
  }
  return true;
}

bool IsRequest(base::ByteView payload, const members::Extensions& extensions) {
  if (payload.empty()) return true;  // a leader's first entry
  InternalRaftRequest request;
  if (!ParseEntry(payload, &request) || !IsSupported(request)) return false;
  if (request.has_extensions_set()) {
    const auto& names = request.extensions_set().names();
    return members::Lacking({names.begin(), names.end()}, extensions).empty();
  }
  return !request.has_txn() || AllOperationsAreKnown(request.txn());
}

bool IsChange(base::ByteView payload) {
  const base::Result<raft::ConfChange> change = raft::DecodeConfChange(payload);
  if (!change.ok()) return false;
  if (change->type == raft::ConfChangeType::kRemoveNode && change->context.empty()) return true;
  const auto contexts = members::ChangeContextsFromJson(change->context, 1);
  if (!contexts.ok()) return false;
  return change->type == raft::ConfChangeType::kRemoveNode ||
         contexts->front().member.id == change->node_id;
}

}  // namespace

// Compat: etcd has one request of its tests alone, which nothing here asks for.
bool IsSupported(const InternalRaftRequest& request) {
  if (!request.GetReflection()->GetUnknownFields(request).empty()) return false;
  return RequestField(request) != 0 && !request.has_downgrade_version_test();
}

bool CanBeApplied(const raft::Entry& entry, const members::Extensions& extensions) {
  switch (entry.type) {
    case raft::EntryType::kNormal:
      return IsRequest(entry.data.view(), extensions);
    case raft::EntryType::kConfChange:
      return IsChange(entry.data.view());
    case raft::EntryType::kConfChangeV2:
      return false;
  }
  return false;
}

}  // namespace apply
