#include "base/lease_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace base {
namespace {

TEST(LeaseTextTest, IsAsWideAsTheLargestIdWithItsSign) {
  EXPECT_EQ(LeaseText(0), "0000000000000000");
  EXPECT_EQ(LeaseText(0x5a), "000000000000005a");
  EXPECT_EQ(LeaseText(std::numeric_limits<int64_t>::max()), "7fffffffffffffff");
}

TEST(LeaseTextTest, ANegativeIdHasASign) {
  EXPECT_EQ(LeaseText(-1), "-000000000000001");
  EXPECT_EQ(LeaseText(-0x123456789abcdef), "-123456789abcdef");
  EXPECT_EQ(LeaseText(std::numeric_limits<int64_t>::min()), "-8000000000000000");
}

}  // namespace
}  // namespace base
