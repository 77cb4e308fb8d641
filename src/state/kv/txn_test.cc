#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "state/kv/read_only_txn.h"
#include "state/kv/testing/plain_lessor.h"
#include "state/kv/write.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

std::string BodyOf(const ReadOnlyTxn& txn) {
  std::string body(txn.BodySize(), '\0');
  EXPECT_EQ(txn.WriteBody(body.data()), body.data() + body.size());
  return body;
}

using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;

TxnRequest Of(const std::string& text) {
  TxnRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}

class TxnTest : public ::testing::Test {
 protected:
  // "a" was put twice, last at revision 3, with lease 1; "b" at 4.
  TxnTest() {
    EXPECT_TRUE(PutPair("a", "1", 0).ok());
    EXPECT_TRUE(PutPair("a", "2", 1).ok());
    EXPECT_TRUE(PutPair("b", "3", 0).ok());
  }

  base::Result<Applied> PutPair(const std::string& key, const std::string& value, int64_t lease) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    request.set_lease(lease);
    return Put({&harness_.store(), &lessor_, &counts_}, request);
  }
  base::Result<Applied> Run(const std::string& text) {
    auto applied = Txn({&harness_.store(), &lessor_, &counts_}, Of(text));
    harness_.EndEntry();
    return applied;
  }
  TxnResponse Answer(const std::string& text) {
    const base::Result<Applied> applied = Run(text);
    EXPECT_TRUE(applied.ok()) << applied.status().ToString();
    EXPECT_TRUE(applied->refusal.ok()) << applied->refusal.ToString();
    TxnResponse response;
    EXPECT_TRUE(applied.ok() && response.ParseFromString(applied->body));
    return response;
  }
  bool Succeeds(const std::string& compare) {
    return Answer("compare { " + compare + " }").succeeded();
  }
  int64_t revision() { return harness_.store().revision().value(); }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  PlainLessor lessor_{{1, 2}};
  OperationCounts counts_;
};

TEST_F(TxnTest, ComparesLookAtEachTarget) {
  EXPECT_TRUE(Succeeds("key: 'a' target: VERSION version: 2"));
  EXPECT_TRUE(Succeeds("key: 'a' target: CREATE create_revision: 2"));
  EXPECT_TRUE(Succeeds("key: 'a' target: MOD mod_revision: 3"));
  EXPECT_TRUE(Succeeds("key: 'a' target: VALUE value: '2'"));
  EXPECT_TRUE(Succeeds("key: 'a' target: LEASE lease: 1"));
  EXPECT_TRUE(Succeeds("key: 'a' target: MOD result: GREATER mod_revision: 2"));
  EXPECT_TRUE(Succeeds("key: 'a' target: MOD result: LESS mod_revision: 4"));
  EXPECT_FALSE(Succeeds("key: 'a' target: MOD result: NOT_EQUAL mod_revision: 3"));
}

TEST_F(TxnTest, WhatDoesNotExistComparesAsZeroButHasNoValue) {
  EXPECT_TRUE(Succeeds("key: 'x' target: CREATE create_revision: 0"));
  EXPECT_TRUE(Succeeds("key: 'x' target: VERSION result: LESS version: 1"));
  EXPECT_FALSE(Succeeds("key: 'x' target: VALUE result: EQUAL value: ''"));
  EXPECT_FALSE(Succeeds("key: 'x' target: VALUE result: NOT_EQUAL value: '1'"));
}

TEST_F(TxnTest, ACompareOfARangeHoldsIfItDoesForEachKey) {
  EXPECT_TRUE(Succeeds("key: 'a' range_end: 'c' target: MOD result: GREATER mod_revision: 2"));
  EXPECT_FALSE(Succeeds("key: 'a' range_end: 'c' target: MOD result: GREATER mod_revision: 3"));
  EXPECT_FALSE(Succeeds("key: 'x' range_end: 'z' target: VALUE result: NOT_EQUAL value: '1'"));
}

TEST_F(TxnTest, AnotherTargetsValueIsZero) {
  EXPECT_FALSE(Succeeds("key: 'a' target: VERSION mod_revision: 2"));
  EXPECT_TRUE(Succeeds("key: 'a' target: VERSION result: GREATER mod_revision: 2"));
}

TEST_F(TxnTest, NestedComparesLookAtTheStateBefore) {
  const TxnResponse response = Answer(
      "success { request_put { key: 'new' value: '1' } }"
      "success { request_txn { compare { key: 'new' target: VERSION version: 0 } } }");
  EXPECT_TRUE(response.responses(1).response_txn().succeeded());
}

TEST_F(TxnTest, OperationsSeeThoseBeforeThem) {
  const TxnResponse response = Answer(
      "success { request_range { key: 'new' } }"
      "success { request_put { key: 'new' value: '1' } }"
      "success { request_range { key: 'new' } }"
      "success { request_range { key: 'new' revision: 4 } }");
  EXPECT_EQ(response.responses(0).response_range().count(), 0);
  EXPECT_EQ(response.responses(0).response_range().header().revision(), 4);
  EXPECT_EQ(response.responses(2).response_range().kvs(0).mod_revision(), 5);
  EXPECT_EQ(response.responses(2).response_range().header().revision(), 5);
  EXPECT_EQ(response.responses(3).response_range().count(), 0);
}

TEST_F(TxnTest, TheRevisionIsRaisedOnceIfAnythingChanged) {
  const base::Result<Applied> changed =
      Run("success { request_put { key: 'x' } } success { request_put { key: 'y' } }");
  EXPECT_EQ(changed->revision, base::Revision(5));
  EXPECT_EQ(revision(), 5);
  const base::Result<Applied> unchanged = Run("success { request_delete_range { key: 'z' } }");
  EXPECT_EQ(unchanged->revision, base::Revision(5));
  EXPECT_EQ(revision(), 5);
}

TEST_F(TxnTest, HeadersWithinHaveTheRevisionAlone) {
  const TxnResponse response = Answer(
      "success { request_put { key: 'x' } }"
      "success { request_delete_range { key: 'z' } }"
      "success { request_txn { success { request_put { key: 'y' } } } }");
  EXPECT_EQ(response.responses(0).response_put().header().revision(), 5);
  EXPECT_EQ(response.responses(1).response_delete_range().header().revision(), 5);
  const TxnResponse& nested = response.responses(2).response_txn();
  EXPECT_TRUE(nested.has_header());
  EXPECT_EQ(nested.header().ByteSizeLong(), 0u);
  EXPECT_EQ(nested.responses(0).response_put().header().revision(), 5);
}

TEST_F(TxnTest, NothingIsDoneIfTheBranchCannotBe) {
  const std::string put = "success { request_put { key: 'x' } }";
  EXPECT_EQ(Run(put + "success { request_put { key: 'y' lease: 9 } }")->refusal,
            base::errors::kLeaseNotFound);
  EXPECT_EQ(Run(put + "success { request_put { key: 'y' ignore_value: true } }")->refusal,
            base::errors::kKeyNotFound);
  EXPECT_EQ(Run(put + "success { request_range { key: 'a' revision: 5 } }")->refusal,
            base::errors::kFutureRevision);
  EXPECT_EQ(
      Run(put + "success { request_txn { success { request_range { key: 'a' revision: 9 } } } }")
          ->refusal,
      base::errors::kFutureRevision);
  EXPECT_EQ(revision(), 4);
}

TEST_F(TxnTest, TheBranchNotTakenIsNotChecked) {
  EXPECT_TRUE(Run("failure { request_put { key: 'y' lease: 9 } }")->refusal.ok());
}

// Compat: in a Range of its own a negative revision is the current one.
TEST_F(TxnTest, ANegativeRevisionWithinIsCompacted) {
  EXPECT_TRUE(Run("success { request_range { key: 'a' revision: -1 } }")->refusal.ok());
  EXPECT_EQ(Run("success { request_range { key: 'a' revision: -2 } }")->refusal,
            base::errors::kCompacted);
  ASSERT_TRUE(harness_.Compact(2).ok());
  EXPECT_EQ(Run("success { request_range { key: 'a' revision: -1 } }")->refusal,
            base::errors::kCompacted);
}

TEST_F(TxnTest, LeasesFollowTheKeys) {
  Answer(
      "success { request_put { key: 'a' lease: 2 } } success { request_put { key: 'b' lease: 1 } "
      "}");
  EXPECT_EQ(lessor_.attached(), (std::map<std::string, int64_t>{{"a", 2}, {"b", 1}}));
  Answer(
      "success { request_put { key: 'a' ignore_lease: true } }"
      "success { request_put { key: 'b' } }");
  EXPECT_EQ(lessor_.attached(), (std::map<std::string, int64_t>{{"a", 2}}));
  Answer("success { request_delete_range { key: 'a' } }");
  EXPECT_TRUE(lessor_.attached().empty());
}

TEST_F(TxnTest, WhatWasDeletedBeforeItIsKeptAsNothing) {
  const TxnResponse response = Answer(
      "success { request_delete_range { key: 'a' range_end: '\\000' } }"
      "success { request_put { key: 'a' ignore_value: true ignore_lease: true } }"
      "success { request_range { key: 'a' } }");
  EXPECT_EQ(response.responses(2).response_range().kvs(0).value(), "");
  EXPECT_EQ(response.responses(2).response_range().kvs(0).version(), 1);
}

TEST_F(TxnTest, DeletedPairsAreAnsweredInTheOrderOfTheKeys) {
  const TxnResponse response =
      Answer("success { request_delete_range { key: 'a' range_end: 'c' prev_kv: true } }");
  const auto& deleted = response.responses(0).response_delete_range();
  EXPECT_EQ(deleted.deleted(), 2);
  ASSERT_EQ(deleted.prev_kvs_size(), 2);
  EXPECT_EQ(deleted.prev_kvs(0).key(), "a");
  EXPECT_EQ(deleted.prev_kvs(1).value(), "3");
}

TEST_F(TxnTest, AReadOnlyOneSeesOneRevisionInAllItsSteps) {
  for (int i = 0; i < 3000; ++i) harness_.Put("k" + std::to_string(1000 + i), "v");
  const TxnRequest request =
      Of("compare { key: 'k' range_end: 'l' target: VERSION version: 1 }"
         "success { request_range { key: 'k' range_end: 'l' } }"
         "success { request_range { key: 'k' range_end: 'l' count_only: true } }"
         "success { request_range { key: 'a' revision: 2 } }");
  auto txn = ReadOnlyTxn::Open(harness_.reads(), request);
  ASSERT_TRUE(txn.ok());
  const int64_t revision_before = revision();
  int steps = 1;
  for (bool done = false; !done; ++steps) {
    ASSERT_TRUE(PutPair("k" + std::to_string(steps), "late", 0).ok());
    harness_.EndEntry();
    auto step = txn->Step();
    ASSERT_TRUE(step.ok()) << step.status().ToString();
    done = *step;
  }
  EXPECT_GE(steps, 6);
  EXPECT_EQ(txn->revision().value(), revision_before);
  TxnResponse response;
  ASSERT_TRUE(response.ParseFromString(BodyOf(*txn)));
  EXPECT_TRUE(response.succeeded());
  EXPECT_EQ(response.responses(0).response_range().kvs_size(), 3000);
  EXPECT_EQ(response.responses(1).response_range().count(), 3000);
  EXPECT_EQ(response.responses(2).response_range().kvs(0).value(), "1");
}

}  // namespace
}  // namespace kv
