#include "base/duration_text.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using std::chrono::nanoseconds;

struct Form {
  const char* text;
  int64_t nanoseconds;
};

// What Go's Duration.String prints.
constexpr Form kForms[] = {{"0s", 0},
                           {"1ns", 1},
                           {"1.1\u00b5s", 1100},
                           {"100\u00b5s", 100'000},
                           {"2.2ms", 2'200'000},
                           {"300ms", 300'000'000},
                           {"1.5s", 1'500'000'000},
                           {"3.3s", 3'300'000'000},
                           {"1m0s", 60'000'000'000},
                           {"4m5s", 245'000'000'000},
                           {"4m5.001s", 245'001'000'000},
                           {"1h0m0s", 3'600'000'000'000},
                           {"5h6m7.001s", 18'367'001'000'000},
                           {"8m0.000000001s", 480'000'000'001},
                           {"-1.5s", -1'500'000'000},
                           {"2562047h47m16.854775807s", std::numeric_limits<int64_t>::max()},
                           {"-2562047h47m16.854775808s", std::numeric_limits<int64_t>::min()}};

TEST(DurationTextTest, PrintsWhatGoPrints) {
  for (const Form& form : kForms) {
    EXPECT_EQ(FormatDuration(nanoseconds(form.nanoseconds)), form.text);
  }
}

TEST(DurationTextTest, ReadsWhatItPrints) {
  for (const Form& form : kForms) {
    const auto parsed = ParseDuration(form.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
    EXPECT_EQ(parsed->count(), form.nanoseconds) << form.text;
  }
}

TEST(DurationTextTest, ReadsWhatPeopleWrite) {
  constexpr Form kWritten[] = {{"0", 0},
                               {"+5s", 5'000'000'000},
                               {"5.s", 5'000'000'000},
                               {".5s", 500'000'000},
                               {"10us", 10'000},
                               {"10\u03bcs", 10'000},
                               {"2h", 7'200'000'000'000},
                               {"3h30m", 12'600'000'000'000},
                               {"1m30s1m", 150'000'000'000},
                               {"0.3333333333333333333h", 1'200'000'000'000},
                               {"9007199254740993ns", 9'007'199'254'740'993}};
  for (const Form& form : kWritten) {
    const auto parsed = ParseDuration(form.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
    EXPECT_EQ(parsed->count(), form.nanoseconds) << form.text;
  }
}

TEST(DurationTextTest, RefusesWithTheTextsOfGo) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"", "time: invalid duration \"\""},
      {"3", "time: missing unit in duration \"3\""},
      {"-", "time: invalid duration \"-\""},
      {"s", "time: invalid duration \"s\""},
      {".", "time: invalid duration \".\""},
      {".s", "time: invalid duration \".s\""},
      {"1d", "time: unknown unit \"d\" in duration \"1d\""},
      {"\u00b5\n\"", "time: invalid duration \"\\xc2\\xb5\\x0a\\\"\""},
      {"1 s", "time: unknown unit \" s\" in duration \"1 s\""},
      {"2562047h47m16.854775808s", "time: invalid duration \"2562047h47m16.854775808s\""},
      {"99999999999999999999s", "time: invalid duration \"99999999999999999999s\""}};
  for (const auto& [text, error] : kRefused) {
    EXPECT_EQ(ParseDuration(text).status().message(), error);
  }
}

}  // namespace
}  // namespace base
