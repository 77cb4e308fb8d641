#include "state/kv/request_check.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/errors.h"
#include "base/result.h"
#include "state/kv/key_set.h"
#include "state/kv/range_order.h"

namespace kv {
namespace {

namespace errors = base::errors;
using etcdserverpb::RangeRequest;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;
using Ops = google::protobuf::RepeatedPtrField<RequestOp>;

constexpr uint64_t kQuotaCostOfPut = 256;

base::Status CheckShape(const TxnRequest& request, size_t ops_max);

base::Status CheckOp(const RequestOp& op, size_t ops_max) {
  switch (op.request_case()) {
    case RequestOp::kRequestRange:
      return Check(op.request_range());
    case RequestOp::kRequestPut:
      return Check(op.request_put());
    case RequestOp::kRequestDeleteRange:
      return Check(op.request_delete_range());
    case RequestOp::kRequestTxn:
      return CheckShape(op.request_txn(), ops_max);
    case RequestOp::REQUEST_NOT_SET:
      return errors::kKeyNotFound;
  }
  return errors::kKeyNotFound;
}

base::Status CheckShape(const TxnRequest& request, size_t ops_max) {
  const auto ops = static_cast<size_t>(
      std::max({request.compare_size(), request.success_size(), request.failure_size()}));
  if (ops > ops_max) return errors::kTooManyOps;
  for (const etcdserverpb::Compare& compare : request.compare()) {
    if (compare.key().empty()) return errors::kEmptyKey;
  }
  for (const Ops* branch : {&request.success(), &request.failure()}) {
    for (const RequestOp& op : *branch) RETURN_IF_ERROR(CheckOp(op, ops_max - ops));
  }
  return {};
}

// What a branch writes. Keys are borrowed from the request.
struct Writes {
  std::set<std::string_view> puts;
  KeySet deletes;
};

base::Status AddPut(std::string_view key, bool may_repeat, Writes* writes) {
  if (!writes->puts.insert(key).second && !may_repeat) return errors::kDuplicateKey;
  return writes->deletes.Contains(key) ? base::Status(errors::kDuplicateKey) : base::Status();
}

base::Result<Writes> WritesOf(const Ops& ops);

// Only one of the branches within is taken, so a key may be in both.
base::Status AddNested(const TxnRequest& request, Writes* writes) {
  ASSIGN_OR_RETURN(const Writes success, WritesOf(request.success()));
  ASSIGN_OR_RETURN(const Writes failure, WritesOf(request.failure()));
  for (const std::string_view key : success.puts) RETURN_IF_ERROR(AddPut(key, false, writes));
  for (const std::string_view key : failure.puts) {
    RETURN_IF_ERROR(AddPut(key, success.puts.contains(key), writes));
  }
  writes->deletes.Add(success.deletes);
  writes->deletes.Add(failure.deletes);
  return {};
}

// Deletes of this level first, then what is nested, then the puts of this level.
base::Result<Writes> WritesOf(const Ops& ops) {
  Writes writes;
  for (const RequestOp& op : ops) {
    if (op.has_request_delete_range()) {
      writes.deletes.Add(op.request_delete_range().key(), op.request_delete_range().range_end());
    }
  }
  for (const RequestOp& op : ops) {
    if (op.has_request_txn()) RETURN_IF_ERROR(AddNested(op.request_txn(), &writes));
  }
  for (const RequestOp& op : ops) {
    if (op.has_request_put()) RETURN_IF_ERROR(AddPut(op.request_put().key(), false, &writes));
  }
  return writes;
}

bool AllRanges(const Ops& ops) {
  return std::all_of(ops.begin(), ops.end(),
                     [](const RequestOp& op) { return op.has_request_range(); });
}

bool AllSerializable(const Ops& ops) {
  return std::all_of(ops.begin(), ops.end(), [](const RequestOp& op) {
    return op.has_request_range() && op.request_range().serializable();
  });
}

uint64_t BranchCost(const Ops& ops) {
  uint64_t cost = 0;
  for (const RequestOp& op : ops) {
    if (op.has_request_put()) cost += QuotaCost(op.request_put());
    if (op.has_request_txn()) cost += QuotaCost(op.request_txn());
  }
  return cost;
}

}  // namespace

base::Status Check(const RangeRequest& request) {
  if (request.key().empty()) return errors::kEmptyKey;
  if (!RangeRequest::SortOrder_IsValid(request.sort_order()) ||
      !RangeRequest::SortTarget_IsValid(request.sort_target())) {
    return errors::kInvalidSortOption;
  }
  return {};
}

base::Status Check(const etcdserverpb::PutRequest& request) {
  if (request.key().empty()) return errors::kEmptyKey;
  if (request.ignore_value() && !request.value().empty()) return errors::kValueProvided;
  if (request.ignore_lease() && request.lease() != 0) return errors::kLeaseProvided;
  return {};
}

base::Status Check(const etcdserverpb::DeleteRangeRequest& request) {
  return request.key().empty() ? base::Status(errors::kEmptyKey) : base::Status();
}

base::Status Check(const TxnRequest& request, size_t ops_max) {
  RETURN_IF_ERROR(CheckShape(request, ops_max));
  RETURN_IF_ERROR(WritesOf(request.success()).status());
  return WritesOf(request.failure()).status();
}

base::Status CheckRangeStream(const RangeRequest& request) {
  RETURN_IF_ERROR(Check(request));
  if (!IsKeyOrder(request)) {
    return {base::Code::kUnimplemented, "RangeStream does not support custom sort orders"};
  }
  if (IsFiltered(request)) {
    return {base::Code::kUnimplemented, "RangeStream does not support revision filters"};
  }
  return {};
}

bool IsReadOnly(const TxnRequest& request) {
  return AllRanges(request.success()) && AllRanges(request.failure());
}

bool IsSerializable(const TxnRequest& request) {
  return AllSerializable(request.success()) && AllSerializable(request.failure());
}

uint64_t QuotaCost(const etcdserverpb::PutRequest& request) {
  return kQuotaCostOfPut + request.key().size() + request.value().size();
}

uint64_t QuotaCost(const TxnRequest& request) {
  return std::max(BranchCost(request.success()), BranchCost(request.failure()));
}

}  // namespace kv
