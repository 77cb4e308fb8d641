#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "runtime/random.h"
#include "state/kv/range.h"
#include "state/kv/request_check.h"
#include "state/kv/testing/model.h"
#include "state/kv/write.h"
#include "storage/mvcc/testing/store_harness.h"

// Random requests to a store and to the plainest model of one.

namespace kv {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::DeleteRangeRequest;
using etcdserverpb::PutRequest;
using etcdserverpb::RangeRequest;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;

constexpr size_t kOpsMax = 6;

// Remembers who is attached to what, and fails at a wrong step.
class Attachments final : public Lessor {
 public:
  bool Exists(base::LeaseId lease) const override { return lease.value() <= 2; }
  void Attach(base::LeaseId lease, base::ByteView key) override {
    EXPECT_TRUE(keys.emplace(key, lease.value()).second) << key;
  }
  void Detach(base::LeaseId lease, base::ByteView key) override {
    EXPECT_EQ(keys.erase({std::string(key), lease.value()}), 1u) << key;
  }

  std::set<std::pair<std::string, int64_t>> keys;
};

// Makes requests over a few keys, some of them invalid. `open_deletes`: deletions without an end,
// which the check for duplicate keys overlooks; then no put keeps anything, since etcd stops at
// one that keeps what its own transaction deleted.
class RandomRequests {
 public:
  explicit RandomRequests(uint64_t seed) : random_(seed) {}

  runtime::Random& random() { return random_; }

  RangeRequest Range(const Model& model) {
    RangeRequest request;
    request.set_key(Key());
    request.set_range_end(End());
    request.set_limit(random_.OneIn(3) ? static_cast<int64_t>(random_.Below(5)) - 1 : 0);
    if (random_.OneIn(2)) request.set_revision(Revision(model));
    request.set_sort_order(static_cast<RangeRequest::SortOrder>(random_.Below(3)));
    request.set_sort_target(static_cast<RangeRequest::SortTarget>(random_.Below(5)));
    request.set_keys_only(random_.OneIn(4));
    request.set_count_only(random_.OneIn(8));
    if (random_.OneIn(8)) request.set_min_mod_revision(Revision(model));
    if (random_.OneIn(8)) request.set_max_mod_revision(Revision(model));
    if (random_.OneIn(8)) request.set_min_create_revision(Revision(model));
    if (random_.OneIn(8)) request.set_max_create_revision(Revision(model));
    return request;
  }
  PutRequest Put(bool open_deletes) {
    PutRequest request;
    request.set_key(Key());
    request.set_ignore_value(!open_deletes && random_.OneIn(8));
    request.set_ignore_lease(!open_deletes && random_.OneIn(8));
    if (!request.ignore_value()) request.set_value(std::string(random_.Below(3), 'v'));
    // 3 does not exist.
    if (!request.ignore_lease() && random_.OneIn(2)) {
      request.set_lease(random_.OneIn(8) ? 3 : static_cast<int64_t>(1 + random_.Below(2)));
    }
    request.set_prev_kv(random_.OneIn(2));
    return request;
  }
  DeleteRangeRequest DeleteRange(bool open_deletes) {
    DeleteRangeRequest request;
    request.set_key(Key());
    request.set_range_end(End());
    if (!open_deletes && request.range_end() == std::string(1, '\0')) request.clear_range_end();
    request.set_prev_kv(random_.OneIn(2));
    return request;
  }
  TxnRequest Txn(const Model& model, bool open_deletes, int depth = 0) {
    TxnRequest request;
    for (uint64_t i = random_.Below(3); i > 0; --i) *request.add_compare() = OneCompare(model);
    for (uint64_t i = random_.Below(4); i > 0; --i) {
      *request.add_success() = Op(model, open_deletes, depth);
    }
    for (uint64_t i = random_.Below(4); i > 0; --i) {
      *request.add_failure() = Op(model, open_deletes, depth);
    }
    return request;
  }

 private:
  std::string Key() { return std::string(1, static_cast<char>('a' + random_.Below(8))); }
  std::string End() {
    if (random_.OneIn(3)) return {};
    return random_.OneIn(4) ? std::string(1, '\0') : Key() + (random_.OneIn(2) ? "x" : "");
  }
  int64_t Revision(const Model& model) {
    return model.revision() + 1 - static_cast<int64_t>(random_.Below(20));
  }
  Compare OneCompare(const Model& model) {
    Compare compare;
    compare.set_key(Key());
    if (random_.OneIn(3)) compare.set_range_end(End());
    compare.set_result(static_cast<Compare::CompareResult>(random_.Below(4)));
    compare.set_target(static_cast<Compare::CompareTarget>(random_.Below(5)));
    switch (random_.OneIn(8) ? Compare::VERSION : compare.target()) {
      case Compare::CREATE:
        compare.set_create_revision(Revision(model));
        break;
      case Compare::MOD:
        compare.set_mod_revision(Revision(model));
        break;
      case Compare::VALUE:
        compare.set_value(std::string(random_.Below(3), 'v'));
        break;
      case Compare::LEASE:
        compare.set_lease(static_cast<int64_t>(random_.Below(3)));
        break;
      default:
        compare.set_version(static_cast<int64_t>(random_.Below(3)));
    }
    return compare;
  }
  RequestOp Op(const Model& model, bool open_deletes, int depth) {
    RequestOp op;
    const uint64_t kind = random_.Below(depth < 2 ? 10 : 8);
    if (kind < 3) {
      *op.mutable_request_range() = Range(model);
    } else if (kind < 6) {
      *op.mutable_request_put() = Put(open_deletes);
    } else if (kind < 8) {
      *op.mutable_request_delete_range() = DeleteRange(open_deletes);
    } else {
      *op.mutable_request_txn() = Txn(model, open_deletes, depth + 1);
    }
    return op;
  }

  runtime::Random random_;
};

class KvModelTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  KvModelTest() : requests_(GetParam()) {}

  template <typename Response>
  void Expect(const base::Result<Applied>& applied, const base::Status& status,
              const Response& expected) {
    ASSERT_EQ(applied.status().ToString(), status.ToString());
    if (!applied.ok()) return;
    Response response;
    ASSERT_TRUE(response.ParseFromString(applied->body));
    EXPECT_EQ(response.ShortDebugString(), expected.ShortDebugString());
    EXPECT_EQ(applied->revision.value(), model_.revision());
  }
  void Put() {
    const PutRequest request = requests_.Put(false);
    SCOPED_TRACE(request.ShortDebugString());
    etcdserverpb::PutResponse expected;
    const base::Status status = model_.Put(request, &expected);
    Expect(kv::Put(context_, request), status, expected);
  }
  void DeleteRange() {
    const DeleteRangeRequest request = requests_.DeleteRange(true);
    SCOPED_TRACE(request.ShortDebugString());
    etcdserverpb::DeleteRangeResponse expected;
    model_.DeleteRange(request, &expected);
    Expect(kv::DeleteRange(context_, request), {}, expected);
  }
  void Txn() {
    const TxnRequest request = requests_.Txn(model_, requests_.random().OneIn(4));
    if (!Check(request, kOpsMax).ok()) return;
    ++txns_;
    SCOPED_TRACE(request.ShortDebugString());
    etcdserverpb::TxnResponse expected;
    const base::Status status = model_.Txn(request, &expected);
    if (IsReadOnly(request)) {
      Expect(ReadOnlyTxn(harness_.store(), request), status, expected);
    } else {
      Expect(kv::Txn(context_, request), status, expected);
    }
  }
  void Range() {
    const RangeRequest request = requests_.Range(model_);
    SCOPED_TRACE(request.ShortDebugString());
    etcdserverpb::RangeResponse expected;
    const base::Status status = model_.Range(request, &expected);
    base::Result<RangeRead> read = RangeRead::Open(harness_.store(), request);
    ASSERT_EQ(read.status().ToString(), status.ToString());
    if (!read.ok()) return;
    ASSERT_TRUE(read->Step().value());
    std::string body(read->BodySize(), '\0');
    ASSERT_EQ(read->WriteBody(body.data()), body.data() + body.size());
    etcdserverpb::RangeResponse response;
    ASSERT_TRUE(response.ParseFromString(body));
    EXPECT_EQ(response.ShortDebugString(), expected.ShortDebugString());
    EXPECT_EQ(read->revision().value(), model_.revision());
  }
  void Compact() {
    const auto to = model_.revision() - static_cast<int64_t>(requests_.random().Below(10));
    if (to <= model_.compacted()) return;
    ASSERT_TRUE(harness_.Compact(to).ok());
    model_.Compact(to);
  }
  void Step() {
    const uint64_t kind = requests_.random().Below(100);
    if (kind < 25) {
      Put();
    } else if (kind < 35) {
      DeleteRange();
    } else if (kind < 70) {
      Txn();
    } else if (kind < 98) {
      Range();
    } else {
      Compact();
    }
    harness_.EndEntry();
  }
  void ExpectAttachments() {
    std::set<std::pair<std::string, int64_t>> expected;
    for (const auto& [key, kv] : model_.pairs()) {
      if (kv.lease() != 0) expected.emplace(key, kv.lease());
    }
    EXPECT_EQ(lessor_.keys, expected);
  }

  RandomRequests requests_;
  Model model_{{1, 2}};
  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  Attachments lessor_;
  const WriteContext context_{&harness_.store(), &lessor_};
  int txns_ = 0;
};

TEST_P(KvModelTest, AgreesWithAllPairsOfEveryRevision) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int step = 0; step < 10000 && !HasFailure(); ++step) {
    Step();
    ExpectAttachments();
  }
  EXPECT_GT(txns_, 1000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, KvModelTest, ::testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace kv
