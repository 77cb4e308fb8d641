#include "bench/keys.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

std::string Key(uint64_t number, const std::string& prefix = "", size_t size = 4) {
  std::string key = "left over";
  Keys(prefix, size).Write(number, &key);
  return key;
}

TEST(BenchKeysTest, ANumberIsWrittenAsGosSignedVarint) {
  EXPECT_EQ(Key(0), std::string("\0\0\0\0", 4));
  EXPECT_EQ(Key(1), std::string("\x02\0\0\0", 4));
  EXPECT_EQ(Key(64), std::string("\x80\x01\0\0", 4));
  EXPECT_EQ(Key(1, "/a/"), std::string("/a/\x02\0\0\0", 7));
}

TEST(BenchKeysTest, ASizeHasRoomForSoManyNumbers) {
  EXPECT_TRUE(Keys::Fit(1, 64));
  EXPECT_FALSE(Keys::Fit(1, 65));
  EXPECT_TRUE(Keys::Fit(2, 65));
  EXPECT_FALSE(Keys::Fit(0, 1));
}

}  // namespace
}  // namespace bench
