#include "base/go_text.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(GoTextTest, QuotesEscapeWhatIsNotPrintable) {
  EXPECT_EQ(Quote("plain"), "\"plain\"");
  EXPECT_EQ(Quote("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(Quote(std::string_view("\n\t\0\x7f", 4)), "\"\\n\\t\\x00\\x7f\"");
  EXPECT_EQ(Quote("gr\u00fc\u00df"), "\"gr\u00fc\u00df\"");
  EXPECT_EQ(Quote("\xff\xc3"), "\"\\xff\\xc3\"");
  // Control and format characters, other spaces, what is private or not assigned.
  EXPECT_EQ(Quote("\u0085\u00a0\u00ad\u202e\ufeff"), "\"\\u0085\\u00a0\\u00ad\\u202e\\ufeff\"");
  EXPECT_EQ(Quote("\ue000\U0001f600\U000e0001"), "\"\\ue000\U0001f600\\U000e0001\"");
}

TEST(GoTextTest, BooleansHaveSixSpellingsEach) {
  for (const char* yes : {"1", "t", "T", "true", "True", "TRUE"}) EXPECT_TRUE(*ParseGoBool(yes));
  for (const char* no : {"0", "f", "F", "false", "False", "FALSE"}) EXPECT_FALSE(*ParseGoBool(no));
  for (const char* bad : {"", "yes", "tRUE", "2", " true"}) {
    EXPECT_FALSE(ParseGoBool(bad).ok()) << bad;
  }
}

TEST(GoTextTest, IntegersMayHaveAPrefixOfTheirBase) {
  EXPECT_EQ(*ParseGoInt("0"), 0);
  EXPECT_EQ(*ParseGoInt("-12"), -12);
  EXPECT_EQ(*ParseGoInt("+12"), 12);
  EXPECT_EQ(*ParseGoInt("0x1F"), 31);
  EXPECT_EQ(*ParseGoInt("0b101"), 5);
  EXPECT_EQ(*ParseGoInt("0o17"), 15);
  EXPECT_EQ(*ParseGoInt("017"), 15);
  EXPECT_EQ(*ParseGoInt("0x_ff_ff"), 65535);
  EXPECT_EQ(*ParseGoInt("1_000"), 1000);
}

TEST(GoTextTest, IntegersReachTheirLimitsAndNoFurther) {
  EXPECT_EQ(*ParseGoInt("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(*ParseGoInt("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(*ParseGoUint("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(ParseGoInt("9223372036854775808").status().message(), "value out of range");
  EXPECT_EQ(ParseGoInt("-9223372036854775809").status().message(), "value out of range");
  EXPECT_EQ(ParseGoUint("18446744073709551616").status().message(), "value out of range");
}

TEST(GoTextTest, MalformedIntegersAreRefused) {
  for (const char* bad :
       {"", "-", "1.5", "1e3", "08", "0x", "_1", "1__0", "0x__1", "0x1_", " 1", "--1"}) {
    EXPECT_EQ(ParseGoInt(bad).status().message(), "invalid syntax") << bad;
  }
  EXPECT_FALSE(ParseGoUint("-1").ok());
  EXPECT_FALSE(ParseGoUint("+1").ok());
}

TEST(GoTextTest, SplittingKeepsEmptyParts) {
  EXPECT_EQ(Split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(Split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(Join({"a", "b"}, ", "), "a, b");
}

TEST(GoTextTest, TrimmingTakesWhiteSpaceFromBothEnds) {
  EXPECT_EQ(TrimSpace("\t a b \n"), "a b");
  EXPECT_EQ(TrimSpace(" \n"), "");
}

TEST(GoTextTest, OnlyWellFormedUtf8HasALength) {
  EXPECT_EQ(Utf8Length("a"), 1u);
  EXPECT_EQ(Utf8Length("\u00b5"), 2u);
  EXPECT_EQ(Utf8Length("\u20ac"), 3u);
  EXPECT_EQ(Utf8Length("\U0001f600"), 4u);
  for (const char* bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xc3(", "\xff"}) {
    EXPECT_EQ(Utf8Length(bad), 0u) << Quote(bad);
  }
}

}  // namespace
}  // namespace base
