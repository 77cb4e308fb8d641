#include "state/kv/range.h"

#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;

class RangeReadTest : public ::testing::Test {
 protected:
  // "k1000" and up.
  void PutMany(int count, size_t value_bytes = 1) {
    for (int i = 0; i < count; ++i) {
      harness_.Put("k" + std::to_string(1000 + i), std::string(value_bytes, 'v'));
    }
  }
  RangeRead Open() {
    auto read = RangeRead::Open(harness_.store(), request_);
    EXPECT_TRUE(read.ok()) << read.status().ToString();
    return *std::move(read);
  }
  // How often the read had to go on.
  static int Finish(RangeRead* read) {
    for (int steps = 1;; ++steps) {
      const base::Result<bool> done = read->Step();
      EXPECT_TRUE(done.ok()) << done.status().ToString();
      if (!done.ok() || *done) return steps;
    }
  }
  static RangeResponse ResponseOf(const RangeRead& read) {
    std::string bytes(read.BodySize(), '\0');
    EXPECT_EQ(read.WriteBody(bytes.data()), bytes.data() + bytes.size());
    RangeResponse response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    return response;
  }
  RangeResponse Answer() {
    RangeRead read = Open();
    Finish(&read);
    return ResponseOf(read);
  }

  mvcc::StoreHarness harness_{mvcc::DatabaseKind::kMemory};
  RangeRequest request_;
};

TEST_F(RangeReadTest, TheHeaderHasTheCurrentRevisionWhateverIsRead) {
  PutMany(3);
  request_.set_key("k1000");
  request_.set_revision(2);
  EXPECT_EQ(Open().revision(), base::Revision(4));
}

TEST_F(RangeReadTest, RevisionsThatAreNotThereAreRefused) {
  PutMany(3);
  ASSERT_TRUE(harness_.Compact(3).ok());
  request_.set_key("k1000");
  request_.set_revision(5);
  EXPECT_EQ(RangeRead::Open(harness_.store(), request_).status(), base::errors::kFutureRevision);
  request_.set_revision(2);
  EXPECT_EQ(RangeRead::Open(harness_.store(), request_).status(), base::errors::kCompacted);
  request_.set_revision(3);
  EXPECT_TRUE(RangeRead::Open(harness_.store(), request_).ok());
  request_.set_revision(-2);
  EXPECT_EQ(Answer().kvs_size(), 1);
}

TEST_F(RangeReadTest, ALongReadTakesManySteps) {
  PutMany(5000);
  request_.set_key("k");
  request_.set_range_end("l");
  RangeRead read = Open();
  EXPECT_GE(Finish(&read), 4);
  const RangeResponse response = ResponseOf(read);
  EXPECT_EQ(response.kvs_size(), 5000);
  EXPECT_EQ(response.count(), 5000);
  EXPECT_FALSE(response.more());
}

TEST_F(RangeReadTest, LargeValuesTakeMoreSteps) {
  PutMany(320, 64 << 10);
  request_.set_key("k");
  request_.set_range_end("l");
  RangeRead read = Open();
  EXPECT_GE(Finish(&read), 4);
  EXPECT_EQ(ResponseOf(read).kvs_size(), 320);
}

TEST_F(RangeReadTest, ASortedReadTakesStepsToSort) {
  PutMany(5000);
  request_.set_key("k");
  request_.set_range_end("l");
  request_.set_sort_order(RangeRequest::DESCEND);
  RangeRead read = Open();
  EXPECT_GE(Finish(&read), 8);
  const RangeResponse response = ResponseOf(read);
  ASSERT_EQ(response.kvs_size(), 5000);
  EXPECT_EQ(response.kvs(0).key(), "k5999");
  EXPECT_EQ(response.kvs(4999).key(), "k1000");
}

TEST_F(RangeReadTest, AReadSeesNothingThatIsWrittenBetweenItsSteps) {
  PutMany(3000);
  request_.set_key("k");
  request_.set_range_end("l");
  RangeRead read = Open();
  ASSERT_FALSE(*read.Step());
  harness_.Delete(mvcc::KeyRange::All());
  harness_.Put("kz", "late");
  Finish(&read);
  const RangeResponse response = ResponseOf(read);
  EXPECT_EQ(response.kvs_size(), 3000);
  EXPECT_EQ(response.count(), 3000);
}

TEST_F(RangeReadTest, ALimitIsReachedInOneStepOfAnyRange) {
  PutMany(3000);
  request_.set_key("k");
  request_.set_range_end("l");
  request_.set_limit(10);
  RangeRead read = Open();
  EXPECT_EQ(Finish(&read), 1);
  const RangeResponse response = ResponseOf(read);
  EXPECT_EQ(response.kvs_size(), 10);
  EXPECT_TRUE(response.more());
  EXPECT_EQ(response.count(), 3000);
}

// Compat: etcd cuts by key before it sorts.
TEST_F(RangeReadTest, ALimitWithoutAnOrderCutsBeforeSorting) {
  for (const char* key : {"d", "c", "b", "a"}) harness_.Put(key, "v");
  request_.set_key("a");
  request_.set_range_end("z");
  request_.set_limit(1);
  request_.set_sort_target(RangeRequest::CREATE);
  EXPECT_EQ(Answer().kvs(0).key(), "b");
  request_.set_sort_order(RangeRequest::ASCEND);
  EXPECT_EQ(Answer().kvs(0).key(), "d");
}

TEST_F(RangeReadTest, FiltersComeBeforeTheLimitAndAreNotCounted) {
  PutMany(100);
  request_.set_key("k");
  request_.set_range_end("l");
  request_.set_limit(2);
  request_.set_min_mod_revision(52);
  const RangeResponse response = Answer();
  ASSERT_EQ(response.kvs_size(), 2);
  EXPECT_EQ(response.kvs(0).key(), "k1050");
  EXPECT_TRUE(response.more());
  EXPECT_EQ(response.count(), 100);
}

// Compat: etcd 3.7's index knows no leases.
TEST_F(RangeReadTest, KeysAloneHaveNoLeaseUnlessTheValuesWereSortedBy) {
  harness_.Put("a", "2", 7);
  harness_.Put("b", "1", 7);
  request_.set_key("a");
  request_.set_range_end("z");
  request_.set_keys_only(true);
  EXPECT_EQ(Answer().kvs(0).lease(), 0);
  EXPECT_EQ(Answer().kvs(0).mod_revision(), 2);
  request_.set_sort_target(RangeRequest::VALUE);
  const RangeResponse by_value = Answer();
  EXPECT_EQ(by_value.kvs(0).key(), "b");
  EXPECT_EQ(by_value.kvs(0).value(), "");
  EXPECT_EQ(by_value.kvs(0).lease(), 7);
}

TEST_F(RangeReadTest, CountOnlyHasNoKeysAndIsNeverCut) {
  PutMany(3);
  request_.set_key("k");
  request_.set_range_end("l");
  request_.set_limit(1);
  request_.set_count_only(true);
  const RangeResponse response = Answer();
  EXPECT_EQ(response.kvs_size(), 0);
  EXPECT_EQ(response.count(), 3);
  EXPECT_FALSE(response.more());
}

TEST_F(RangeReadTest, APairThatCannotBeDecodedIsDataLoss) {
  harness_.Put("a", "1");
  harness_.Commit();
  harness_.Reopen();
  backend::Batch batch;
  batch.Put(schema::Id(schema::Bucket::kKey), mvcc::RevisionKey({2, 0}, false).view(), "\xff");
  ASSERT_TRUE(harness_.database().Commit(batch).ok());
  request_.set_key("a");
  request_.set_range_end("c");
  request_.set_sort_order(RangeRequest::DESCEND);
  RangeRead read = Open();
  EXPECT_EQ(read.Step().status().code(), base::Code::kDataLoss);
}

}  // namespace
}  // namespace kv
