#include "state/kv/usage_read.h"

#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "storage/mvcc/testing/store_harness.h"

namespace kv {
namespace {

class UsageReadTest : public ::testing::TestWithParam<mvcc::DatabaseKind> {
 protected:
  usagepb::UsageResponse Take(UsageRead& read) {
    usagepb::UsageResponse response;
    read.TakeGroups(&response);
    return response;
  }
  usagepb::UsageResponse Ask(int* steps = nullptr) {
    UsageRead read(&harness_.reads(), request_);
    EXPECT_TRUE(read.Pin().ok());
    for (bool done = false; !done;) {
      const base::Result<bool> step = read.Step();
      EXPECT_TRUE(step.ok()) << step.status().ToString();
      done = !step.ok() || *step;
      if (steps != nullptr) ++*steps;
    }
    return Take(read);
  }

  mvcc::StoreHarness harness_{GetParam()};
  usagepb::UsageRequest request_;
};

INSTANTIATE_TEST_SUITE_P(Databases, UsageReadTest,
                         ::testing::Values(mvcc::DatabaseKind::kMemory, mvcc::DatabaseKind::kLmdb));

TEST_P(UsageReadTest, NewestValuesCountAndAllVersionsOfLiveKeys) {
  harness_.Put("a/1", std::string(1000, 'v'));
  harness_.Put("a/1", "12345");
  harness_.Put("b", "1");
  const usagepb::UsageResponse all = Ask();
  ASSERT_EQ(all.groups_size(), 2);
  EXPECT_EQ(all.groups(0).prefix(), "a/");
  EXPECT_EQ(all.groups(0).keys(), 1);
  EXPECT_EQ(all.groups(0).bytes(), 8);
  EXPECT_EQ(all.groups(0).revisions(), 2);
  EXPECT_EQ(all.groups(1).prefix(), "b");
}

TEST_P(UsageReadTest, OnlyKeysWithThePrefixCount) {
  for (const char* const key : {"a", "a/", "a/b/1", "a/b/2", "a0", "b/b"}) harness_.Put(key, "");
  request_.set_prefix("a/");
  const usagepb::UsageResponse below = Ask();
  ASSERT_EQ(below.groups_size(), 2);
  EXPECT_EQ(below.groups(0).prefix(), "a/b/");
  EXPECT_EQ(below.groups(1).prefix(), "a/");
  harness_.Put("\xff\xff/1", "");
  harness_.Put("\xff\xff/2", "");
  request_.set_prefix("\xff");
  ASSERT_EQ(Ask().groups_size(), 1);
  EXPECT_EQ(Ask().groups(0).keys(), 2);
  request_.set_prefix("none");
  EXPECT_EQ(Ask().groups_size(), 0);
}

TEST_P(UsageReadTest, ManyKeysAndLargeOnesTakeSteps) {
  for (int i = 0; i < 3000; ++i) harness_.Put("k" + std::to_string(10'000 + i), "");
  int steps = 0;
  request_.set_limit(1);
  const usagepb::UsageResponse all = Ask(&steps);
  EXPECT_EQ(all.groups(1).keys(), 2999);
  EXPECT_EQ(steps, 3);
  for (int i = 0; i < 300; ++i) harness_.Put("l/" + std::to_string(i), std::string(20'000, 'v'));
  request_.set_prefix("l/");
  steps = 0;
  Ask(&steps);
  EXPECT_GT(steps, 3);
}

TEST_P(UsageReadTest, WhatWasLetGoOfGoesOnAtItsRevision) {
  for (int i = 0; i < 3000; ++i) harness_.Put("k/" + std::to_string(10'000 + i), "");
  UsageRead read(&harness_.reads(), request_);
  ASSERT_TRUE(read.Pin().ok());
  EXPECT_TRUE(read.TakesSteps());
  read.Release();
  ASSERT_TRUE(read.Pin().ok());
  const base::Revision revision = read.revision();
  EXPECT_FALSE(*read.Step());
  read.Release();
  harness_.Put("k/99999", "");
  ASSERT_TRUE(read.Pin().ok());
  EXPECT_FALSE(*read.Step());
  read.Release();
  ASSERT_TRUE(read.Pin().ok());
  EXPECT_TRUE(*read.Step());
  EXPECT_EQ(read.revision(), revision);
  EXPECT_EQ(Take(read).groups(0).keys(), 3000);
}

TEST_P(UsageReadTest, ARevisionThatIsCompactedMeanwhileEndsIt) {
  for (int i = 0; i < 2000; ++i) harness_.Put("k/" + std::to_string(10'000 + i), "");
  UsageRead read(&harness_.reads(), request_);
  ASSERT_TRUE(read.Pin().ok());
  EXPECT_FALSE(*read.Step());
  read.Release();
  harness_.Put("k", "");
  ASSERT_TRUE(harness_.Compact(read.revision().value() + 1).ok());
  EXPECT_EQ(read.Pin(), base::errors::kCompacted);
}

TEST(UsageCheckTest, WhatIsTooMuchIsRefused) {
  usagepb::UsageRequest request;
  EXPECT_TRUE(Check(request).ok());
  request.set_limit(1000);
  request.set_delimiter(std::string(64, '/'));
  EXPECT_TRUE(Check(request).ok());
  request.set_limit(1001);
  EXPECT_EQ(Check(request), base::Status(base::Code::kInvalidArgument,
                                         "etcdserver: usage limit is above 1000 groups"));
  request.set_limit(0);
  request.set_delimiter(std::string(65, '/'));
  EXPECT_EQ(Check(request), base::Status(base::Code::kInvalidArgument,
                                         "etcdserver: usage delimiter has more than 64 bytes"));
}

}  // namespace
}  // namespace kv
