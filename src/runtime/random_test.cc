#include "runtime/random.h"

#include <gtest/gtest.h>

#include <array>

namespace runtime {
namespace {

TEST(RandomTest, TheSameSeedGivesTheSameNumbers) {
  Random a(7);
  Random b(7);
  Random c(8);
  EXPECT_EQ(a.Next(), b.Next());
  EXPECT_EQ(a.Next(), b.Next());
  EXPECT_NE(a.Next(), c.Next());
}

TEST(RandomTest, DrawsEveryNumberOfARangeAboutEquallyOften) {
  Random random(1);
  std::array<int, 6> counts{};
  for (int i = 0; i < 60'000; ++i) ++counts[random.Below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  for (int i = 0; i < 1000; ++i) {
    const uint64_t number = random.Between(10, 12);
    EXPECT_TRUE(number >= 10 && number <= 12);
  }
}

}  // namespace
}  // namespace runtime
