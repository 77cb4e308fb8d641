#include "net/http/date.h"

#include <gtest/gtest.h>

namespace http {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(DateTest, IsWrittenAsHttpWantsIt) {
  Date date;
  EXPECT_EQ(date.At({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.At({784111777 * kSecond}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.At({951782400 * kSecond}), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(DateTest, FollowsAClockThatJumps) {
  Date date;
  EXPECT_EQ(date.At({784111777 * kSecond}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.At({784111778 * kSecond - 1}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.At({784111778 * kSecond}), "Sun, 06 Nov 1994 08:49:38 GMT");
  EXPECT_EQ(date.At({784111776 * kSecond}), "Sun, 06 Nov 1994 08:49:36 GMT");
}

}  // namespace
}  // namespace http
