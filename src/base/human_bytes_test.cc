#include "base/human_bytes.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(HumanBytesTest, CountsInThousandsWithOneDigitBelowTen) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1000), "1.0 kB");
  EXPECT_EQ(HumanBytes(9949), "9.9 kB");
  EXPECT_EQ(HumanBytes(20480), "20 kB");
  EXPECT_EQ(HumanBytes(2'147'483'648), "2.1 GB");
}

}  // namespace
}  // namespace base
