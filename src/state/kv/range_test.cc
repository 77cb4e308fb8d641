#include "state/kv/range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;

RangeRequest All() {
  RangeRequest request;
  request.set_key("k");
  request.set_range_end("l");
  return request;
}

class RangeReadTest : public ::testing::Test {
 protected:
  static std::string KeyAt(int i) { return "k" + std::to_string(10000 + i); }

  void PutAll(int count) {
    mvcc::WriteTxn txn = harness_.store().Write();
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(txn.Put(KeyAt(i), "v" + std::to_string(count - i), {}).ok());
    }
  }
  // Also counts the steps that it took.
  RangeResponse Read(const RangeRequest& request) {
    RangeResponse response;
    base::Result<RangeRead> read = RangeRead::Open(harness_.reads(), request);
    EXPECT_TRUE(read.ok()) << read.status().ToString();
    if (!read.ok()) return response;
    steps_ = 1;
    while (!read->Step().value()) ++steps_;
    std::string body(read->BodySize(), '\0');
    EXPECT_EQ(read->WriteBody(body.data()), body.data() + body.size());
    EXPECT_TRUE(response.ParseFromString(body));
    return response;
  }
  static std::vector<std::string> Keys(const RangeResponse& response) {
    std::vector<std::string> keys;
    for (const auto& kv : response.kvs()) keys.push_back(kv.key());
    return keys;
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  int steps_ = 0;
};

TEST_F(RangeReadTest, WhetherItTakesStepsIsKnownBefore) {
  const auto takes_steps = [this](const RangeRequest& request) {
    return RangeRead::Open(harness_.reads(), request)->TakesSteps();
  };
  PutAll(1024);
  EXPECT_FALSE(takes_steps(All()));
  PutAll(1025);
  RangeRequest request = All();
  EXPECT_TRUE(takes_steps(request));
  request.set_limit(1000);
  EXPECT_FALSE(takes_steps(request));
  request.set_min_mod_revision(1 << 20);  // the limit is that of what passes
  EXPECT_TRUE(takes_steps(request));
  request = All();
  request.set_count_only(true);
  EXPECT_FALSE(takes_steps(request));
}

TEST_F(RangeReadTest, EveryCountAndLimitAtTheBordersOfSlicesAndSteps) {
  int stored = 0;
  for (const int count : {0, 1, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 3000}) {
    PutAll(count);
    stored = std::max(stored, count);
    for (const int limit : {0, 1, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2999, 3000, 3001}) {
      SCOPED_TRACE(std::to_string(count) + " keys, limit " + std::to_string(limit));
      RangeRequest request = All();
      request.set_limit(limit);
      const RangeResponse response = Read(request);
      const int expected = limit == 0 ? stored : std::min(limit, stored);
      ASSERT_EQ(response.kvs_size(), expected);
      for (int i = 0; i < expected; ++i) ASSERT_EQ(response.kvs(i).key(), KeyAt(i));
      EXPECT_EQ(response.more(), expected < stored);
      EXPECT_EQ(response.count(), stored);
    }
  }
}

TEST_F(RangeReadTest, AStepReadsSoManyKeysAndNoMore) {
  PutAll(5000);
  Read(All());
  EXPECT_GE(steps_, 5);
  RangeRequest limited = All();
  limited.set_limit(10);
  Read(limited);
  EXPECT_EQ(steps_, 1);
}

TEST_F(RangeReadTest, CountingAnOldRevisionTakesSteps) {
  PutAll(20000);
  RangeRequest request = All();
  request.set_revision(harness_.store().revision().value());
  PutAll(20000);
  request.set_limit(1);
  RangeResponse response = Read(request);
  EXPECT_GE(steps_, 2);
  EXPECT_EQ(response.kvs_size(), 1);
  EXPECT_EQ(response.count(), 20000);
  request.set_count_only(true);
  response = Read(request);
  EXPECT_GE(steps_, 2);
  EXPECT_EQ(response.count(), 20000);
}

TEST_F(RangeReadTest, WritesBetweenStepsAreNotSeen) {
  PutAll(5000);
  const RangeRequest request = All();
  base::Result<RangeRead> read = RangeRead::Open(harness_.reads(), request);
  ASSERT_FALSE(read->Step().value());
  harness_.Delete(mvcc::KeyRange::All());
  harness_.Put("k9", "late");
  while (!read->Step().value()) continue;
  EXPECT_EQ(read->size(), 5000u);
  EXPECT_EQ(read->count(), 5000u);
}

TEST_F(RangeReadTest, LargeValuesTakeMoreSteps) {
  for (int i = 0; i < 320; ++i) harness_.Put(KeyAt(i), std::string(64 << 10, 'v'));
  EXPECT_EQ(Read(All()).kvs_size(), 320);
  EXPECT_GE(steps_, 4);
}

TEST_F(RangeReadTest, SortingManyKeysTakesStepsOfItsOwn) {
  PutAll(5000);
  RangeRequest request = All();
  request.set_sort_order(RangeRequest::DESCEND);
  const RangeResponse response = Read(request);
  EXPECT_GE(steps_, 9);
  ASSERT_EQ(response.kvs_size(), 5000);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(response.kvs(i).key(), KeyAt(4999 - i));
}

TEST_F(RangeReadTest, ALimitWithAnOrderHoldsForWhatIsSorted) {
  PutAll(1200);
  RangeRequest request = All();
  request.set_limit(2);
  request.set_sort_order(RangeRequest::DESCEND);
  EXPECT_EQ(Keys(Read(request)), (std::vector<std::string>{KeyAt(1199), KeyAt(1198)}));
  request.set_sort_order(RangeRequest::ASCEND);
  request.set_sort_target(RangeRequest::VALUE);
  EXPECT_EQ(Keys(Read(request)), (std::vector<std::string>{KeyAt(1199), KeyAt(1190)}));
}

TEST_F(RangeReadTest, ALimitWithATargetButNoOrderHoldsBeforeSorting) {
  harness_.Put("k1", "c");
  harness_.Put("k2", "b");
  harness_.Put("k3", "a");
  harness_.Put("k4", "0");
  RangeRequest request = All();
  request.set_limit(2);
  request.set_sort_target(RangeRequest::VALUE);
  const RangeResponse response = Read(request);
  EXPECT_EQ(Keys(response), (std::vector<std::string>{"k3", "k2"}));
  EXPECT_TRUE(response.more());
}

TEST_F(RangeReadTest, ALimitHoldsForWhatPassesTheFilters) {
  PutAll(1000);
  harness_.Put(KeyAt(400), "again");
  harness_.Put(KeyAt(900), "again");
  RangeRequest request = All();
  request.set_min_mod_revision(3);
  request.set_limit(1);
  RangeResponse response = Read(request);
  EXPECT_EQ(Keys(response), std::vector<std::string>{KeyAt(400)});
  EXPECT_TRUE(response.more());
  EXPECT_EQ(response.count(), 1000);
  request.set_limit(2);
  response = Read(request);
  EXPECT_EQ(response.kvs_size(), 2);
  EXPECT_FALSE(response.more());
}

TEST_F(RangeReadTest, FiltersIncludeTheirBounds) {
  for (const char* const key : {"k1", "k2", "k3"}) harness_.Put(key, "");
  RangeRequest request = All();
  request.set_min_create_revision(3);
  request.set_max_create_revision(3);
  EXPECT_EQ(Keys(Read(request)), std::vector<std::string>{"k2"});
}

TEST_F(RangeReadTest, EqualElementsStayInTheOrderOfTheirKeys) {
  for (const char* const key : {"k1", "k2", "k3", "k4"}) harness_.Put(key, "same");
  RangeRequest request = All();
  request.set_sort_target(RangeRequest::VALUE);
  for (const auto order : {RangeRequest::NONE, RangeRequest::ASCEND, RangeRequest::DESCEND}) {
    request.set_sort_order(order);
    EXPECT_EQ(Keys(Read(request)), (std::vector<std::string>{"k1", "k2", "k3", "k4"}));
  }
}

TEST_F(RangeReadTest, KeysAloneHaveALeaseOnlyIfSortedByValue) {
  harness_.Put("k", "value", 7);
  RangeRequest request = All();
  request.set_keys_only(true);
  EXPECT_EQ(Read(request).kvs(0).value(), "");
  EXPECT_EQ(Read(request).kvs(0).lease(), 0);
  EXPECT_EQ(Read(request).kvs(0).version(), 1);
  request.set_sort_target(RangeRequest::VALUE);
  EXPECT_EQ(Read(request).kvs(0).lease(), 7);
}

TEST_F(RangeReadTest, CountOnlyHasNoKeysAndNoMore) {
  PutAll(1001);
  RangeRequest request = All();
  request.set_count_only(true);
  request.set_limit(1);
  const RangeResponse response = Read(request);
  EXPECT_EQ(response.kvs_size(), 0);
  EXPECT_FALSE(response.more());
  EXPECT_EQ(response.count(), 1001);
}

TEST_F(RangeReadTest, RevisionsBelowTheCompactedAndAboveTheCurrentOneAreRefused) {
  for (int i = 0; i < 5; ++i) harness_.Put("k", std::to_string(i));
  ASSERT_TRUE(harness_.Compact(4).ok());
  RangeRequest request = All();
  const auto at = [&](int64_t revision) {
    request.set_revision(revision);
    return RangeRead::Open(harness_.reads(), request).status();
  };
  EXPECT_EQ(at(3), base::errors::kCompacted);
  EXPECT_TRUE(at(4).ok());
  EXPECT_TRUE(at(6).ok());
  EXPECT_EQ(at(7), base::errors::kFutureRevision);
  EXPECT_TRUE(at(-1).ok());
}

TEST_F(RangeReadTest, AnOldRevisionIsAnsweredWithTheCurrentOneInTheHeader) {
  harness_.Put("k", "old");
  harness_.Put("k", "new");
  RangeRequest request = All();
  request.set_revision(2);
  base::Result<RangeRead> read = RangeRead::Open(harness_.reads(), request);
  EXPECT_EQ(read->revision(), base::Revision(3));
  EXPECT_EQ(Read(request).kvs(0).value(), "old");
}

TEST_F(RangeReadTest, APairThatCannotBeDecodedIsDataLoss) {
  harness_.Put("k", "1");
  harness_.Commit();
  harness_.Reopen();
  backend::Batch batch;
  batch.Put(schema::Id(schema::Bucket::kKey), mvcc::RevisionKey({2, 0}, false).view(), "\xff");
  ASSERT_TRUE(harness_.database().Commit(batch).ok());
  RangeRequest request = All();
  request.set_sort_order(RangeRequest::DESCEND);
  base::Result<RangeRead> read = RangeRead::Open(harness_.reads(), request);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->Step().status().code(), base::Code::kDataLoss);
}

}  // namespace
}  // namespace kv
