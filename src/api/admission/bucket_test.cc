#include "api/admission/bucket.h"

#include <gtest/gtest.h>

namespace admission {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const runtime::TimePoint kBegin{std::chrono::hours(1)};

TEST(BucketTest, WithoutALimitNobodyWaits) {
  Bucket bucket(0, seconds(1));
  bucket.Take(1'000'000'000, kBegin);
  EXPECT_EQ(bucket.Wait(kBegin), runtime::Duration());
}

TEST(BucketTest, WhatIsSavedUpComesAtOnceAndTheRestAtTheRate) {
  Bucket bucket(10, seconds(1));
  int taken = 0;
  for (; bucket.Wait(kBegin) == runtime::Duration(); ++taken) bucket.Take(1, kBegin);
  EXPECT_EQ(taken, 11) << "those of a second, and the one that may come now";
  EXPECT_EQ(bucket.Wait(kBegin), milliseconds(100));
  taken = 0;
  for (int i = 1; i <= 10'000; ++i) {
    const runtime::TimePoint now = kBegin + milliseconds(i);
    if (bucket.Wait(now) > runtime::Duration()) continue;
    bucket.Take(1, now);
    ++taken;
  }
  EXPECT_EQ(taken, 100);
}

TEST(BucketTest, NoMoreIsSavedUpThanTheBurst) {
  Bucket bucket(10, milliseconds(500));
  bucket.Take(1, kBegin);
  const runtime::TimePoint later = kBegin + std::chrono::hours(1);
  int taken = 0;
  for (; bucket.Wait(later) == runtime::Duration(); ++taken) bucket.Take(1, later);
  EXPECT_EQ(taken, 6);
}

TEST(BucketTest, ADebtIsPaidButNotForEver) {
  Bucket bucket(1000, seconds(1));
  bucket.Take(3000, kBegin);
  EXPECT_EQ(bucket.Wait(kBegin), seconds(2));
  EXPECT_EQ(bucket.Wait(kBegin + seconds(2)), runtime::Duration());
  for (int i = 0; i < 3; ++i) bucket.Take(~uint64_t{0}, kBegin);
  EXPECT_EQ(bucket.Wait(kBegin), Bucket::kDebtMax);
}

}  // namespace
}  // namespace admission
