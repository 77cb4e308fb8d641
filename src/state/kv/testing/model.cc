#include "state/kv/testing/model.h"

#include <algorithm>
#include <optional>

#include "base/errors.h"

namespace kv {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::RangeRequest;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;

bool IsIn(const std::string& key, const std::string& begin, const std::string& range_end) {
  if (range_end.empty()) return key == begin;
  return key >= begin && (range_end == std::string(1, '\0') || key < range_end);
}

std::vector<mvccpb::KeyValue> Select(const Model::Keys& keys, const std::string& begin,
                                     const std::string& range_end) {
  std::vector<mvccpb::KeyValue> selected;
  for (const auto& [key, kv] : keys) {
    if (IsIn(key, begin, range_end)) selected.push_back(kv);
  }
  return selected;
}

bool Compares(const Compare& compare, const mvccpb::KeyValue& kv) {
  const auto order = [](const auto& a, const auto& b) { return a < b ? -1 : (b < a ? 1 : 0); };
  int result = 0;
  if (compare.target() == Compare::VALUE) result = order(kv.value(), compare.value());
  if (compare.target() == Compare::CREATE) {
    result = order(kv.create_revision(), compare.create_revision());
  }
  if (compare.target() == Compare::MOD) result = order(kv.mod_revision(), compare.mod_revision());
  if (compare.target() == Compare::VERSION) result = order(kv.version(), compare.version());
  if (compare.target() == Compare::LEASE) result = order(kv.lease(), compare.lease());
  if (compare.result() == Compare::EQUAL) return result == 0;
  if (compare.result() == Compare::NOT_EQUAL) return result != 0;
  if (compare.result() == Compare::GREATER) return result > 0;
  if (compare.result() == Compare::LESS) return result < 0;
  return true;
}

void Sort(const RangeRequest& request, std::vector<mvccpb::KeyValue>* kvs) {
  const auto sort_by = [&](auto of) {
    std::stable_sort(kvs->begin(), kvs->end(), [&](const auto& a, const auto& b) {
      return request.sort_order() == RangeRequest::DESCEND ? of(b) < of(a) : of(a) < of(b);
    });
  };
  if (request.sort_target() == RangeRequest::KEY) sort_by([](const auto& kv) { return kv.key(); });
  if (request.sort_target() == RangeRequest::VALUE) {
    sort_by([](const auto& kv) { return kv.value(); });
  }
  if (request.sort_target() == RangeRequest::VERSION) {
    sort_by([](const auto& kv) { return kv.version(); });
  }
  if (request.sort_target() == RangeRequest::CREATE) {
    sort_by([](const auto& kv) { return kv.create_revision(); });
  }
  if (request.sort_target() == RangeRequest::MOD) {
    sort_by([](const auto& kv) { return kv.mod_revision(); });
  }
}

}  // namespace

std::map<std::string, int64_t> Model::Attached() const {
  std::map<std::string, int64_t> attached;
  for (const auto& [key, kv] : revisions_.rbegin()->second) {
    if (kv.lease() != 0) attached[key] = kv.lease();
  }
  return attached;
}

void Model::End(Work work) {
  if (work.changed) revisions_[work.revision] = std::move(work.keys);
}

base::Status Model::CheckRevision(int64_t wanted, bool in_txn) const {
  if (wanted > revision()) return base::errors::kFutureRevision;
  if (wanted == 0 || (wanted < 0 && !in_txn)) return {};
  if (wanted < compacted_) return base::errors::kCompacted;
  return {};
}

etcdserverpb::RangeResponse Model::RangeIn(const Keys& keys, const RangeRequest& request) {
  etcdserverpb::RangeResponse response;
  std::vector<mvccpb::KeyValue> kvs = Select(keys, request.key(), request.range_end());
  response.set_count(static_cast<int64_t>(kvs.size()));
  if (request.count_only()) return response;
  const bool has_limit = request.limit() > 0;
  const auto limit = static_cast<uint64_t>(request.limit());
  const bool filtered = request.min_mod_revision() != 0 || request.max_mod_revision() != 0 ||
                        request.min_create_revision() != 0 || request.max_create_revision() != 0;
  const bool ordered =
      request.sort_order() == RangeRequest::DESCEND ||
      (request.sort_order() == RangeRequest::ASCEND && request.sort_target() != RangeRequest::KEY);
  if (has_limit && !filtered && !ordered && kvs.size() > limit) kvs.resize(limit + 1);
  std::erase_if(kvs, [&](const mvccpb::KeyValue& kv) {
    return (request.max_mod_revision() != 0 && kv.mod_revision() > request.max_mod_revision()) ||
           (request.min_mod_revision() != 0 && kv.mod_revision() < request.min_mod_revision()) ||
           (request.max_create_revision() != 0 &&
            kv.create_revision() > request.max_create_revision()) ||
           (request.min_create_revision() != 0 &&
            kv.create_revision() < request.min_create_revision());
  });
  Sort(request, &kvs);
  if (has_limit && kvs.size() > limit) {
    kvs.resize(limit);
    response.set_more(true);
  }
  for (mvccpb::KeyValue& kv : kvs) {
    if (request.keys_only()) kv.clear_value();
    if (request.keys_only() && request.sort_target() != RangeRequest::VALUE) kv.clear_lease();
    *response.add_kvs() = kv;
  }
  return response;
}

base::Result<etcdserverpb::RangeResponse> Model::Range(const RangeRequest& request) const {
  RETURN_IF_ERROR(CheckRevision(request.revision(), false));
  const int64_t at = request.revision() > 0 ? request.revision() : revision();
  etcdserverpb::RangeResponse response = RangeIn(revisions_.at(at), request);
  response.mutable_header()->set_revision(revision());
  return response;
}

base::Status Model::CheckPut(const etcdserverpb::PutRequest& request) const {
  if (request.lease() != 0 && !leases_.contains(request.lease())) {
    return base::errors::kLeaseNotFound;
  }
  if ((request.ignore_value() || request.ignore_lease()) &&
      !revisions_.rbegin()->second.contains(request.key())) {
    return base::errors::kKeyNotFound;
  }
  return {};
}

etcdserverpb::PutResponse Model::PutIn(const etcdserverpb::PutRequest& request, Work* work) {
  etcdserverpb::PutResponse response;
  std::optional<mvccpb::KeyValue> previous;
  if (work->keys.contains(request.key())) previous = work->keys[request.key()];
  if (request.prev_kv() && previous) *response.mutable_prev_kv() = *previous;
  mvccpb::KeyValue kv;
  kv.set_key(request.key());
  kv.set_value(request.ignore_value() && previous ? previous->value() : request.value());
  kv.set_lease(request.ignore_lease() && previous ? previous->lease() : request.lease());
  kv.set_create_revision(previous ? previous->create_revision() : work->revision);
  kv.set_version(previous ? previous->version() + 1 : 1);
  kv.set_mod_revision(work->revision);
  work->keys[request.key()] = kv;
  work->changed = true;
  response.mutable_header()->set_revision(work->revision);
  return response;
}

base::Result<etcdserverpb::PutResponse> Model::Put(const etcdserverpb::PutRequest& request) {
  RETURN_IF_ERROR(CheckPut(request));
  Work work = Begin();
  auto response = PutIn(request, &work);
  End(std::move(work));
  return response;
}

etcdserverpb::DeleteRangeResponse Model::DeleteIn(const etcdserverpb::DeleteRangeRequest& request,
                                                  Work* work) const {
  etcdserverpb::DeleteRangeResponse response;
  for (const auto& kv : Select(work->keys, request.key(), request.range_end())) {
    if (request.prev_kv()) *response.add_prev_kvs() = kv;
    work->keys.erase(kv.key());
    work->changed = true;
    response.set_deleted(response.deleted() + 1);
  }
  response.mutable_header()->set_revision(HeaderOf(*work));
  return response;
}

base::Result<etcdserverpb::DeleteRangeResponse> Model::DeleteRange(
    const etcdserverpb::DeleteRangeRequest& request) {
  Work work = Begin();
  auto response = DeleteIn(request, &work);
  End(std::move(work));
  return response;
}

bool Model::Holds(const Compare& compare) const {
  const auto kvs = Select(revisions_.rbegin()->second, compare.key(), compare.range_end());
  if (kvs.empty()) return compare.target() != Compare::VALUE && Compares(compare, {});
  return std::all_of(kvs.begin(), kvs.end(), [&](const auto& kv) { return Compares(compare, kv); });
}

bool Model::Succeeds(const TxnRequest& request) const {
  return std::all_of(request.compare().begin(), request.compare().end(),
                     [this](const Compare& compare) { return Holds(compare); });
}

base::Status Model::CheckBranch(const TxnRequest& request) const {
  for (const RequestOp& op : Succeeds(request) ? request.success() : request.failure()) {
    if (op.has_request_range()) {
      RETURN_IF_ERROR(CheckRevision(op.request_range().revision(), true));
    }
    if (op.has_request_put()) RETURN_IF_ERROR(CheckPut(op.request_put()));
    if (op.has_request_txn()) RETURN_IF_ERROR(CheckBranch(op.request_txn()));
  }
  return {};
}

etcdserverpb::TxnResponse Model::TxnIn(const TxnRequest& request, Work* work) const {
  etcdserverpb::TxnResponse response;
  response.mutable_header();
  response.set_succeeded(Succeeds(request));
  for (const RequestOp& op : response.succeeded() ? request.success() : request.failure()) {
    etcdserverpb::ResponseOp* const answer = response.add_responses();
    if (op.has_request_range()) {
      const int64_t at = op.request_range().revision();
      *answer->mutable_response_range() =
          RangeIn(at > 0 ? revisions_.at(at) : work->keys, op.request_range());
      answer->mutable_response_range()->mutable_header()->set_revision(HeaderOf(*work));
    }
    if (op.has_request_put()) *answer->mutable_response_put() = PutIn(op.request_put(), work);
    if (op.has_request_delete_range()) {
      *answer->mutable_response_delete_range() = DeleteIn(op.request_delete_range(), work);
    }
    if (op.has_request_txn()) *answer->mutable_response_txn() = TxnIn(op.request_txn(), work);
  }
  return response;
}

base::Result<etcdserverpb::TxnResponse> Model::Txn(const TxnRequest& request) {
  RETURN_IF_ERROR(CheckBranch(request));
  Work work = Begin();
  auto response = TxnIn(request, &work);
  response.mutable_header()->set_revision(HeaderOf(work));
  End(std::move(work));
  return response;
}

base::Status Model::Compact(int64_t revision_wanted) {
  if (revision_wanted <= compacted_) return base::errors::kCompacted;
  if (revision_wanted > revision()) return base::errors::kFutureRevision;
  compacted_ = revision_wanted;
  return {};
}

}  // namespace kv
