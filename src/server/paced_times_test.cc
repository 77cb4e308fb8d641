#include "server/paced_times.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/random.h"

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr runtime::TimePoint kFrom{seconds(100)};

TEST(PacedTimesTest, WhoIsAloneInASlotGetsWhatItAsksFor) {
  PacedTimes times(kFrom, milliseconds(10));
  EXPECT_EQ(times.Take(kFrom + milliseconds(25)), kFrom + milliseconds(25));
  EXPECT_EQ(times.Take(kFrom + milliseconds(47)), kFrom + milliseconds(47));
  EXPECT_EQ(times.Take(kFrom), kFrom);
}

TEST(PacedTimesTest, WhoComesLaterGetsTheNextSlotThatIsFree) {
  PacedTimes times(kFrom, milliseconds(10));
  EXPECT_EQ(times.Take(kFrom + milliseconds(5)), kFrom + milliseconds(5));
  EXPECT_EQ(times.Take(kFrom + milliseconds(5)), kFrom + milliseconds(10));
  EXPECT_EQ(times.Take(kFrom + milliseconds(35)), kFrom + milliseconds(35));
  EXPECT_EQ(times.Take(kFrom + milliseconds(5)), kFrom + milliseconds(20));
  EXPECT_EQ(times.Take(kFrom + milliseconds(12)), kFrom + milliseconds(40));
}

TEST(PacedTimesTest, NoSlotIsGivenTwiceAndNoneIsPassedOver) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    runtime::Random random(seed);
    PacedTimes times(kFrom, milliseconds(10));
    std::set<int64_t> taken;
    for (int i = 0; i < 1'000; ++i) {
      const runtime::TimePoint asked = kFrom + milliseconds(random.Below(8'000));
      const runtime::TimePoint given = times.Take(asked);
      ASSERT_GE(given, asked);
      int64_t expected = (asked - kFrom) / milliseconds(10);
      while (taken.contains(expected)) ++expected;
      ASSERT_EQ((given - kFrom) / milliseconds(10), expected) << "seed " << seed;
      taken.insert(expected);
    }
  }
}

}  // namespace
}  // namespace server
