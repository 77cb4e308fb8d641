#include "cli/go_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

const std::vector<FlagSpec>& Specs() {
  static const std::vector<FlagSpec> specs = {
      {"raw", 0, FlagSpec::Type::kBool, "false", "In the low-level form"},
      {"end", 0, FlagSpec::Type::kUint, "18446744073709551615", "Where to stop"},
      {"start", 0, FlagSpec::Type::kUint, "0", "Where to start"},
      {"type", 0, FlagSpec::Type::kString, "a,b", "One of:\na, b"},
      {"dir", 0, FlagSpec::Type::kString, "", "A directory"}};
  return specs;
}

class GoFlagsTest : public ::testing::Test {
 protected:
  GoFlagsTest() {
    for (const FlagSpec& spec : Specs()) flags_.Add(spec);
  }
  std::string Refusal(const Words& words) {
    return std::string(flags_.ParseAsGo(words).status().message());
  }
  Flags flags_;
};

TEST_F(GoFlagsTest, OneDashOrTwoAreTheSame) {
  const auto rest = flags_.ParseAsGo({"-type", "x", "--end=7", "-raw", "--dir", "-d", "arg"});
  ASSERT_TRUE(rest.ok()) << rest.status().ToString();
  EXPECT_THAT(*rest, ElementsAre("arg"));
  EXPECT_EQ(flags_.GetString("type"), "x");
  EXPECT_EQ(flags_.GetUint("end"), 7u);
  EXPECT_TRUE(flags_.GetBool("raw"));
  EXPECT_EQ(flags_.GetString("dir"), "-d");
  EXPECT_FALSE(flags_.changed("start"));
}

TEST_F(GoFlagsTest, TheFirstArgumentEndsThem) {
  EXPECT_THAT(*flags_.ParseAsGo({"arg", "-raw"}), ElementsAre("arg", "-raw"));
  EXPECT_THAT(*flags_.ParseAsGo({"-", "-raw"}), ElementsAre("-", "-raw"));
  EXPECT_THAT(*flags_.ParseAsGo({"--", "-raw"}), ElementsAre("-raw"));
  EXPECT_FALSE(flags_.GetBool("raw"));
  EXPECT_THAT(*flags_.ParseAsGo({}), IsEmpty());
}

TEST_F(GoFlagsTest, ASwitchTakesAValueOnlyBehindAnEqualsSign) {
  EXPECT_THAT(*flags_.ParseAsGo({"-raw=T", "false"}), ElementsAre("false"));
  EXPECT_TRUE(flags_.GetBool("raw"));
}

TEST_F(GoFlagsTest, MistakesAreToldAsGoTellsThem) {
  EXPECT_EQ(Refusal({"-x"}), "flag provided but not defined: -x");
  EXPECT_EQ(Refusal({"-h"}), "flag provided but not defined: -h");
  EXPECT_EQ(Refusal({"---x"}), "bad flag syntax: ---x");
  EXPECT_EQ(Refusal({"-=x"}), "bad flag syntax: -=x");
  EXPECT_EQ(Refusal({"-dir"}), "flag needs an argument: -dir");
  EXPECT_EQ(Refusal({"-end=x"}), "invalid value \"x\" for flag -end: parse error");
  EXPECT_EQ(Refusal({"-end", "18446744073709551616"}),
            "invalid value \"18446744073709551616\" for flag -end: value out of range");
  EXPECT_EQ(Refusal({"-raw=y"}), "invalid boolean value \"y\" for -raw: parse error");
}

TEST_F(GoFlagsTest, UsagesAreThoseOfPrintDefaults) {
  EXPECT_EQ(GoFlagUsages(Specs()),
            "  -dir string\n    \tA directory\n"
            "  -end uint\n    \tWhere to stop (default 18446744073709551615)\n"
            "  -raw\n    \tIn the low-level form\n"
            "  -start uint\n    \tWhere to start\n"
            "  -type string\n    \tOne of:\n    \ta, b (default \"a,b\")\n");
}

}  // namespace
}  // namespace cli
