#include "state/kv/testing/model.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/errors.h"

namespace kv {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::RangeRequest;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;
using mvccpb::KeyValue;

bool IsInRange(const std::string& key, const std::string& begin, const std::string& end) {
  if (end.empty()) return key == begin;
  return key >= begin && (end == std::string(1, '\0') || key < end);
}

std::vector<KeyValue> InRange(const Model::Pairs& pairs, const std::string& begin,
                              const std::string& end) {
  std::vector<KeyValue> found;
  for (const auto& [key, kv] : pairs) {
    if (IsInRange(key, begin, end)) found.push_back(kv);
  }
  return found;
}

bool IsFilteredOut(const RangeRequest& request, const KeyValue& kv) {
  const auto below = [](int64_t bound, int64_t value) { return bound != 0 && value < bound; };
  const auto above = [](int64_t bound, int64_t value) { return bound != 0 && value > bound; };
  return below(request.min_mod_revision(), kv.mod_revision()) ||
         above(request.max_mod_revision(), kv.mod_revision()) ||
         below(request.min_create_revision(), kv.create_revision()) ||
         above(request.max_create_revision(), kv.create_revision());
}

bool HasFilter(const RangeRequest& request) {
  return request.min_mod_revision() != 0 || request.max_mod_revision() != 0 ||
         request.min_create_revision() != 0 || request.max_create_revision() != 0;
}

void Sort(const RangeRequest& request, std::vector<KeyValue>* kvs) {
  const auto less = [target = request.sort_target()](const KeyValue& a, const KeyValue& b) {
    if (target == RangeRequest::VERSION) return a.version() < b.version();
    if (target == RangeRequest::CREATE) return a.create_revision() < b.create_revision();
    if (target == RangeRequest::MOD) return a.mod_revision() < b.mod_revision();
    if (target == RangeRequest::VALUE) return a.value() < b.value();
    return a.key() < b.key();
  };
  if (request.sort_order() == RangeRequest::DESCEND) {
    std::stable_sort(kvs->begin(), kvs->end(),
                     [&less](const KeyValue& a, const KeyValue& b) { return less(b, a); });
  } else {
    std::stable_sort(kvs->begin(), kvs->end(), less);
  }
}

const google::protobuf::RepeatedPtrField<RequestOp>& Branch(const TxnRequest& request, bool holds) {
  return holds ? request.success() : request.failure();
}

template <typename T>
bool Is(Compare::CompareResult wanted, const T& left, const T& right) {
  if (wanted == Compare::EQUAL) return left == right;
  if (wanted == Compare::NOT_EQUAL) return left != right;
  return wanted == Compare::GREATER ? left > right : left < right;
}

bool HoldsFor(const Compare& compare, const KeyValue& kv) {
  switch (compare.target()) {
    case Compare::VALUE:
      return Is(compare.result(), kv.value(), compare.value());
    case Compare::CREATE:
      return Is(compare.result(), kv.create_revision(), compare.create_revision());
    case Compare::MOD:
      return Is(compare.result(), kv.mod_revision(), compare.mod_revision());
    case Compare::LEASE:
      return Is(compare.result(), kv.lease(), compare.lease());
    default:
      return Is(compare.result(), kv.version(), compare.version());
  }
}

}  // namespace

base::Status Model::Range(const RangeRequest& request,
                          etcdserverpb::RangeResponse* response) const {
  if (request.revision() > revision()) return base::errors::kFutureRevision;
  if (request.revision() > 0 && request.revision() < compacted_) return base::errors::kCompacted;
  RunRange(request, pairs(), response);
  return {};
}

void Model::RunRange(const RangeRequest& request, const Pairs& newest,
                     etcdserverpb::RangeResponse* response) const {
  const Pairs& state =
      request.revision() > 0 ? states_[static_cast<size_t>(request.revision()) - 1] : newest;
  std::vector<KeyValue> kvs = InRange(state, request.key(), request.range_end());
  response->set_count(static_cast<int64_t>(kvs.size()));
  if (request.count_only()) return;
  const auto limit = static_cast<size_t>(std::max<int64_t>(0, request.limit()));
  // etcd cuts before it sorts by a target that has no order.
  if (request.sort_order() == RangeRequest::NONE && !HasFilter(request) && limit > 0 &&
      kvs.size() > limit) {
    kvs.resize(limit + 1);
  }
  std::erase_if(kvs, [&request](const KeyValue& kv) { return IsFilteredOut(request, kv); });
  Sort(request, &kvs);
  if (limit > 0 && kvs.size() > limit) {
    kvs.resize(limit);
    response->set_more(true);
  }
  for (KeyValue& kv : kvs) {
    if (request.keys_only()) {
      kv.clear_value();
      if (request.sort_target() != RangeRequest::VALUE) kv.clear_lease();
    }
    *response->add_kvs() = kv;
  }
}

base::Status Model::CheckPut(const etcdserverpb::PutRequest& request) const {
  if (request.lease() != 0 && leases_.count(request.lease()) == 0) {
    return base::errors::kLeaseNotFound;
  }
  const bool keeps = request.ignore_value() || request.ignore_lease();
  if (keeps && pairs().count(request.key()) == 0) return base::errors::kKeyNotFound;
  return {};
}

base::Status Model::Put(const etcdserverpb::PutRequest& request,
                        etcdserverpb::PutResponse* response) {
  RETURN_IF_ERROR(CheckPut(request));
  Writing writing{pairs()};
  RunPut(request, &writing, response);
  Finish(std::move(writing));
  return {};
}

void Model::RunPut(const etcdserverpb::PutRequest& request, Writing* writing,
                   etcdserverpb::PutResponse* response) const {
  writing->changed = true;
  KeyValue& kv = writing->pairs[request.key()];
  if (request.prev_kv() && kv.version() > 0) *response->mutable_prev_kv() = kv;
  kv.set_key(request.key());
  if (!request.ignore_value()) kv.set_value(request.value());
  if (!request.ignore_lease()) kv.set_lease(request.lease());
  if (kv.version() == 0) kv.set_create_revision(RevisionOf(*writing));
  kv.set_mod_revision(RevisionOf(*writing));
  kv.set_version(kv.version() + 1);
}

void Model::DeleteRange(const etcdserverpb::DeleteRangeRequest& request,
                        etcdserverpb::DeleteRangeResponse* response) {
  Writing writing{pairs()};
  RunDeleteRange(request, &writing, response);
  Finish(std::move(writing));
}

void Model::RunDeleteRange(const etcdserverpb::DeleteRangeRequest& request, Writing* writing,
                           etcdserverpb::DeleteRangeResponse* response) {
  for (const KeyValue& kv : InRange(writing->pairs, request.key(), request.range_end())) {
    writing->pairs.erase(kv.key());
    writing->changed = true;
    response->set_deleted(response->deleted() + 1);
    if (request.prev_kv()) *response->add_prev_kvs() = kv;
  }
}

bool Model::Holds(const Compare& compare) const {
  const std::vector<KeyValue> kvs = InRange(pairs(), compare.key(), compare.range_end());
  if (kvs.empty()) return compare.target() != Compare::VALUE && HoldsFor(compare, {});
  return std::all_of(kvs.begin(), kvs.end(),
                     [&compare](const KeyValue& kv) { return HoldsFor(compare, kv); });
}

bool Model::AllHold(const TxnRequest& request) const {
  return std::all_of(request.compare().begin(), request.compare().end(),
                     [this](const Compare& compare) { return Holds(compare); });
}

base::Status Model::CheckBranch(const TxnRequest& request) const {
  for (const RequestOp& op : Branch(request, AllHold(request))) {
    if (op.has_request_put()) RETURN_IF_ERROR(CheckPut(op.request_put()));
    if (op.has_request_txn()) RETURN_IF_ERROR(CheckBranch(op.request_txn()));
    const int64_t at = op.request_range().revision();
    if (!op.has_request_range() || at == 0) continue;
    if (at > revision()) return base::errors::kFutureRevision;
    if (at < compacted_) return base::errors::kCompacted;
  }
  return {};
}

base::Status Model::Txn(const TxnRequest& request, etcdserverpb::TxnResponse* response) {
  RETURN_IF_ERROR(CheckBranch(request));
  Writing writing{pairs()};
  Run(request, &writing, response);
  response->clear_header();
  Finish(std::move(writing));
  return {};
}

void Model::Run(const TxnRequest& request, Writing* writing,
                etcdserverpb::TxnResponse* response) const {
  response->mutable_header();
  response->set_succeeded(AllHold(request));
  for (const RequestOp& op : Branch(request, response->succeeded())) {
    auto* const answer = response->add_responses();
    if (op.has_request_range()) {
      RunRange(op.request_range(), writing->pairs, answer->mutable_response_range());
      answer->mutable_response_range()->mutable_header()->set_revision(RevisionOf(*writing));
    } else if (op.has_request_put()) {
      RunPut(op.request_put(), writing, answer->mutable_response_put());
      answer->mutable_response_put()->mutable_header()->set_revision(RevisionOf(*writing));
    } else if (op.has_request_delete_range()) {
      RunDeleteRange(op.request_delete_range(), writing, answer->mutable_response_delete_range());
      answer->mutable_response_delete_range()->mutable_header()->set_revision(RevisionOf(*writing));
    } else {
      Run(op.request_txn(), writing, answer->mutable_response_txn());
    }
  }
}

void Model::Finish(Writing writing) {
  if (writing.changed) states_.push_back(std::move(writing.pairs));
}

}  // namespace kv
