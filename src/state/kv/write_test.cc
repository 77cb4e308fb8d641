#include "state/kv/write.h"

#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

using etcdserverpb::TxnRequest;

class NoLeases final : public Lessor {
 public:
  bool Exists(base::LeaseId) const override { return false; }
  void Attach(base::LeaseId, base::ByteView) override { FAIL(); }
  void Detach(base::LeaseId, base::ByteView) override { FAIL(); }
};

TxnRequest PutAndRange() {
  TxnRequest request;
  auto* const put = request.add_success()->mutable_request_put();
  put->set_key("k");
  put->set_value("v");
  request.add_success()->mutable_request_range()->set_key("k");
  return request;
}

class KvWriteTest : public ::testing::Test {
 protected:
  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  NoLeases lessor_;
  OperationCounts counts_;
  WriteContext context_{&harness_.store(), &lessor_, &counts_};
};

TEST_F(KvWriteTest, WhatNobodyWaitsForChangesTheStoreAllTheSame) {
  context_.reply_wanted = false;
  const base::Result<Applied> applied = Txn(context_, PutAndRange());
  harness_.EndEntry();
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied->revision, base::Revision(2));
  EXPECT_EQ(harness_.store().revision(), base::Revision(2));
}

TEST_F(KvWriteTest, OperationsAreCountedAsEtcdCountsThem) {
  ASSERT_TRUE(Put(context_, PutAndRange().success(0).request_put()).ok());
  EXPECT_EQ(counts_.puts, 1u);
  EXPECT_EQ(counts_.put_bytes, 2u);
  EXPECT_EQ(counts_.txns, 0u);
  ASSERT_TRUE(Txn(context_, PutAndRange()).ok());
  EXPECT_EQ(counts_.puts, 2u);
  EXPECT_EQ(counts_.ranges, 1u);
  EXPECT_EQ(counts_.txns, 1u);
  TxnRequest one;
  one.add_success()->mutable_request_delete_range()->set_key("k");
  ASSERT_TRUE(Txn(context_, one).ok());
  EXPECT_EQ(counts_.deletes, 1u);
  EXPECT_EQ(counts_.txns, 1u);
}

TEST_F(KvWriteTest, AnOperationThatCannotBeDoneLeavesAllUndone) {
  TxnRequest request = PutAndRange();
  request.add_success()->mutable_request_range()->set_key("k");
  request.mutable_success(2)->mutable_request_range()->set_revision(2);
  EXPECT_EQ(Txn(context_, request)->refusal, base::errors::kFutureRevision);
  request.mutable_success(2)->mutable_request_put()->set_key("x");
  request.mutable_success(2)->mutable_request_put()->set_lease(1);
  EXPECT_EQ(Txn(context_, request)->refusal, base::errors::kLeaseNotFound);
  EXPECT_EQ(harness_.store().revision(), base::Revision(1));
}

TEST_F(KvWriteTest, WhatIsAnsweredWithTooMuchIsDoneAllTheSame) {
  etcdserverpb::PutRequest put = PutAndRange().success(0).request_put();
  put.set_value(std::string(1000, 'v'));
  ASSERT_TRUE(Put(context_, put).ok());
  TxnRequest request;
  for (int i = 0; i < 10; ++i) request.add_success()->mutable_request_range()->set_key("k");
  auto* const nested = request.add_success()->mutable_request_txn();
  *nested->add_success()->mutable_request_put() = put;
  nested->mutable_success(0)->mutable_request_put()->set_prev_kv(true);
  auto* const removal = request.add_success()->mutable_request_delete_range();
  removal->set_key("k");
  removal->set_prev_kv(true);

  context_.answer_bytes_max = 14'000;
  EXPECT_TRUE(Txn(context_, request)->too_large.ok());
  harness_.EndEntry();
  ASSERT_TRUE(Put(context_, put).ok());
  harness_.EndEntry();
  for (const size_t max : {5'000, 10'500, 11'500}) {
    context_.answer_bytes_max = max;
    const base::Revision before = harness_.store().revision();
    const base::Result<Applied> applied = Txn(context_, request);
    harness_.EndEntry();
    EXPECT_EQ(applied->too_large.code(), base::Code::kResourceExhausted) << max;
    EXPECT_LT(applied->body.size(), max);
    EXPECT_EQ(applied->revision, before + 1);
    EXPECT_EQ(harness_.store().revision(), before + 1);
    const auto pin = harness_.store().apply_reads().Pin(base::Revision(0)).value();
    EXPECT_FALSE(pin->Get("k").value().has_value());
    ASSERT_TRUE(Put(context_, put).ok());
    harness_.EndEntry();
  }

  context_.answer_bytes_max = 500;
  const base::Result<Applied> applied = DeleteRange(context_, *removal);
  EXPECT_EQ(applied->too_large.code(), base::Code::kResourceExhausted);
}

TEST_F(KvWriteTest, ATransactionThatChangesNothingHasTheCurrentRevision) {
  TxnRequest request;
  request.add_success()->mutable_request_delete_range()->set_key("k");
  const base::Result<Applied> applied = Txn(context_, request);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied->revision, base::Revision(1));
}

TEST_F(KvWriteTest, TheFirstOperationThatFailsDecides) {
  TxnRequest request;
  request.add_success()->mutable_request_range()->set_key("k");
  request.mutable_success(0)->mutable_request_range()->set_revision(9);
  request.add_success()->mutable_request_put()->set_key("k");
  request.mutable_success(1)->mutable_request_put()->set_ignore_value(true);
  EXPECT_EQ(Txn(context_, request)->refusal, base::errors::kFutureRevision);
  request.mutable_success()->SwapElements(0, 1);
  EXPECT_EQ(Txn(context_, request)->refusal, base::errors::kKeyNotFound);
}

TEST_F(KvWriteTest, ALeaseIsLookedForBeforeTheKey) {
  etcdserverpb::PutRequest request;
  request.set_key("k");
  request.set_lease(1);
  request.set_ignore_value(true);
  EXPECT_EQ(Put(context_, request)->refusal, base::errors::kLeaseNotFound);
}

}  // namespace
}  // namespace kv
