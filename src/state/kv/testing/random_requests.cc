#include "state/kv/testing/random_requests.h"

#include <limits>

namespace kv {

using etcdserverpb::RangeRequest;
using etcdserverpb::TxnRequest;

std::string RandomRequests::Key() {
  if (random_.OneIn(60)) return "";
  static constexpr const char* kKeys[] = {"a", "aa", "ab", "b", "c", "ca", "d", "e", "f", "g"};
  return kKeys[random_.Below(std::size(kKeys))];
}

std::string RandomRequests::RangeEnd() {
  if (random_.OneIn(3)) return "";
  if (random_.OneIn(4)) return std::string(1, '\0');
  return Key();
}

std::string RandomRequests::Value() {
  return std::string(random_.Below(4), static_cast<char>('x' + random_.Below(3)));
}

// One to three exist.
int64_t RandomRequests::Lease() {
  if (random_.OneIn(2)) return 0;
  return random_.OneIn(8) ? 99 : static_cast<int64_t>(random_.Between(1, 3));
}

int64_t RandomRequests::Revision() {
  if (random_.OneIn(20)) return -static_cast<int64_t>(random_.Below(3));
  if (random_.OneIn(10)) return revision_ + static_cast<int64_t>(random_.Below(3));
  const int64_t back = static_cast<int64_t>(random_.Below(12));
  return back >= revision_ ? 1 : revision_ - back;
}

RangeRequest RandomRequests::Range() {
  RangeRequest request;
  request.set_key(Key());
  request.set_range_end(RangeEnd());
  if (random_.OneIn(2)) request.set_limit(static_cast<int64_t>(random_.Below(6)));
  if (random_.OneIn(20)) request.set_limit(-1);
  if (random_.OneIn(20)) request.set_limit(std::numeric_limits<int64_t>::max());
  if (random_.OneIn(3)) request.set_revision(Revision());
  if (random_.OneIn(2)) {
    request.set_sort_order(static_cast<RangeRequest::SortOrder>(random_.Below(3)));
    request.set_sort_target(static_cast<RangeRequest::SortTarget>(random_.Below(5)));
  }
  if (random_.OneIn(100)) request.set_sort_target(static_cast<RangeRequest::SortTarget>(5));
  request.set_serializable(random_.OneIn(2));
  request.set_keys_only(random_.OneIn(4));
  request.set_count_only(random_.OneIn(8));
  if (random_.OneIn(8)) request.set_min_mod_revision(Revision());
  if (random_.OneIn(8)) request.set_max_mod_revision(Revision());
  if (random_.OneIn(8)) request.set_min_create_revision(Revision());
  if (random_.OneIn(8)) request.set_max_create_revision(Revision());
  return request;
}

etcdserverpb::PutRequest RandomRequests::Put() {
  etcdserverpb::PutRequest request;
  request.set_key(Key());
  request.set_ignore_value(random_.OneIn(5));
  request.set_ignore_lease(random_.OneIn(5));
  if (!request.ignore_value() || random_.OneIn(20)) request.set_value(Value());
  if (!request.ignore_lease() || random_.OneIn(20)) request.set_lease(Lease());
  request.set_prev_kv(random_.OneIn(2));
  return request;
}

etcdserverpb::DeleteRangeRequest RandomRequests::DeleteRange() {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(Key());
  request.set_range_end(RangeEnd());
  request.set_prev_kv(random_.OneIn(2));
  return request;
}

etcdserverpb::Compare RandomRequests::Compare() {
  etcdserverpb::Compare compare;
  compare.set_key(Key());
  if (random_.OneIn(3)) compare.set_range_end(RangeEnd());
  compare.set_result(static_cast<etcdserverpb::Compare::CompareResult>(random_.Below(4)));
  compare.set_target(static_cast<etcdserverpb::Compare::CompareTarget>(random_.Below(5)));
  if (random_.OneIn(50)) {
    compare.set_result(static_cast<etcdserverpb::Compare::CompareResult>(9));
  }
  if (random_.OneIn(50)) {
    compare.set_target(static_cast<etcdserverpb::Compare::CompareTarget>(9));
  }
  // Mostly what the target asks for.
  switch (random_.OneIn(10) ? random_.Below(5) : static_cast<uint64_t>(compare.target())) {
    case etcdserverpb::Compare::VERSION:
      compare.set_version(static_cast<int64_t>(random_.Below(4)));
      break;
    case etcdserverpb::Compare::CREATE:
      compare.set_create_revision(random_.OneIn(3) ? 0 : Revision());
      break;
    case etcdserverpb::Compare::MOD:
      compare.set_mod_revision(random_.OneIn(3) ? 0 : Revision());
      break;
    case etcdserverpb::Compare::VALUE:
      compare.set_value(Value());
      break;
    default:
      compare.set_lease(static_cast<int64_t>(random_.Below(4)));
  }
  return compare;
}

void RandomRequests::FillOp(int depth, bool read_only, etcdserverpb::RequestOp* op) {
  const uint64_t kind = read_only ? 0 : random_.Below(depth > 0 ? 7 : 6);
  if (random_.OneIn(200)) return;
  if (kind < 2) {
    *op->mutable_request_range() = Range();
  } else if (kind < 4) {
    *op->mutable_request_put() = Put();
  } else if (kind < 6) {
    *op->mutable_request_delete_range() = DeleteRange();
  } else {
    *op->mutable_request_txn() = Txn(depth - 1);
  }
}

TxnRequest RandomRequests::Txn(int depth, bool read_only) {
  TxnRequest request;
  for (uint64_t i = random_.Below(3); i > 0; --i) *request.add_compare() = Compare();
  for (uint64_t i = random_.Below(4); i > 0; --i) FillOp(depth, read_only, request.add_success());
  for (uint64_t i = random_.Below(4); i > 0; --i) FillOp(depth, read_only, request.add_failure());
  return request;
}

}  // namespace kv
