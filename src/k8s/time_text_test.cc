#include "k8s/time_text.h"

#include <gtest/gtest.h>

namespace k8s {
namespace {

TEST(TimeTextTest, TimesAreWrittenAndReadByRfc3339) {
  EXPECT_EQ(FormatTime({0, 0}, 0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime({-1, 999'999'999}, 6), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatTime({kZeroTimeSeconds, 0}, 0), "0001-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime({951'782'400, 0}, 0), "2000-02-29T00:00:00Z");
  EXPECT_EQ(ParseTime("2000-02-29T00:00:00Z"), (Moment{951'782'400, 0}));
  EXPECT_EQ(ParseTime("2000-02-29T01:30:00.25+01:30"), (Moment{951'782'400, 250'000'000}));
  EXPECT_EQ(ParseTime("2000-02-28T23:00:00-01:00"), (Moment{951'782'400, 0}));
  for (const char* const text :
       {"", "2000-02-30T00:00:00Z", "1999-02-29T00:00:00Z", "2000-13-01T00:00:00Z",
        "2000-01-01T24:00:00Z", "2000-01-01T00:00:00", "2000-01-01 00:00:00Z", "2000-01-01",
        "2000-01-01T00:00:00Zx", "2000-01-01T00:00:00.Z", "2000-1-1T00:00:00Z"}) {
    EXPECT_FALSE(ParseTime(text).has_value()) << text;
  }
}
TEST(TimeTextTest, EverySecondIsReadAsItWasWritten) {
  for (int64_t seconds = kZeroTimeSeconds; seconds < 253'402'300'799; seconds += 86'400 * 37 + 11) {
    ASSERT_EQ(ParseTime(FormatTime({seconds, 0}, 0)), (Moment{seconds, 0}));
  }
}
TEST(TimeTextTest, YamlKnowsShorterTimes) {
  for (const char* const text : {"2001-1-2", "2001-12-14", "2001-12-14t21:59:43.10-05:00",
                                 "2001-12-14 21:59:43", "2001-12-14T1:2:3Z"}) {
    EXPECT_TRUE(IsYamlTime(text)) << text;
  }
  for (const char* const text : {"2001-1", "2001-12-14 21:59:43Z", "2001-12-14T21:59:43", "01-1-2",
                                 "2001-02-29", "2001-12-14x"}) {
    EXPECT_FALSE(IsYamlTime(text)) << text;
  }
}

}  // namespace
}  // namespace k8s
