#include "cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Type = FlagSpec::Type;

class CtlFlagsTest : public ::testing::Test {
 protected:
  CtlFlagsTest() {
    flags_.Add({"write-out", 'w', Type::kString, "simple", "format"});
    flags_.Add({"interactive", 'i', Type::kBool, "false", "ask"});
    flags_.Add({"hex", 'x', Type::kBool, "false", "hexadecimal"});
    flags_.Add({"limit", 0, Type::kInt64, "0", "how many"});
    flags_.Add({"size", 0, Type::kUint, "128", "how much"});
    flags_.Add({"timeout", 0, Type::kDuration, "5s", "how long"});
    flags_.Add({"endpoints", 0, Type::kStrings, "127.0.0.1:2379", "where"});
  }

  std::vector<std::string> Parse(const std::vector<std::string>& words) {
    const base::Result<std::vector<std::string>> arguments = flags_.Parse(words);
    EXPECT_TRUE(arguments.ok()) << arguments.status().ToString();
    return arguments.ok() ? *arguments : std::vector<std::string>{};
  }
  std::string Error(const std::vector<std::string>& words) {
    return std::string(flags_.Parse(words).status().message());
  }

  Flags flags_;
};

TEST_F(CtlFlagsTest, WhatIsNotGivenHasItsDefault) {
  EXPECT_THAT(Parse({"a"}), ElementsAre("a"));
  EXPECT_EQ(flags_.GetString("write-out"), "simple");
  EXPECT_EQ(flags_.GetDuration("timeout"), std::chrono::seconds(5));
  EXPECT_THAT(flags_.GetStrings("endpoints"), ElementsAre("127.0.0.1:2379"));
  EXPECT_FALSE(flags_.changed("limit"));
}

TEST_F(CtlFlagsTest, AValueStandsBehindAnEqualsSignOrInTheNextWord) {
  EXPECT_THAT(Parse({"--limit=3", "--write-out", "json"}), IsEmpty());
  EXPECT_EQ(flags_.GetInt("limit"), 3);
  EXPECT_EQ(flags_.GetString("write-out"), "json");
  EXPECT_TRUE(flags_.changed("limit"));
}

TEST_F(CtlFlagsTest, AFloatIsReadAsGoReadsIt) {
  flags_.Add({"ratio", 0, Type::kFloat, "1", "how many times"});
  EXPECT_EQ(flags_.GetFloat("ratio"), 1);
  Parse({"--ratio", "0.25"});
  EXPECT_EQ(flags_.GetFloat("ratio"), 0.25);
  EXPECT_EQ(Error({"--ratio", "x"}),
            "invalid argument \"x\" for \"--ratio\" flag: strconv.ParseFloat: parsing \"x\": "
            "invalid syntax");
}

TEST_F(CtlFlagsTest, ALettersValueMayBeAttached) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-wjson"}, {"-w=json"}, {"-w", "json"}, {"-ixwjson"}}) {
    Parse(words);
    EXPECT_EQ(flags_.GetString("write-out"), "json");
    Parse({"-w", "simple"});
  }
  EXPECT_TRUE(flags_.GetBool("interactive"));
  EXPECT_TRUE(flags_.GetBool("hex"));
}

TEST_F(CtlFlagsTest, ASwitchDoesNotTakeTheNextWord) {
  EXPECT_THAT(Parse({"--interactive", "false"}), ElementsAre("false"));
  EXPECT_TRUE(flags_.GetBool("interactive"));
  EXPECT_THAT(Parse({"--interactive=f"}), IsEmpty());
  EXPECT_FALSE(flags_.GetBool("interactive"));
}

TEST_F(CtlFlagsTest, ANumberWithoutASignReachesAsFarAsItsType) {
  EXPECT_EQ(flags_.GetUint("size"), 128u);
  Parse({"--size=18446744073709551615"});
  EXPECT_EQ(flags_.GetUint("size"), UINT64_MAX);
  EXPECT_EQ(Error({"--size=-1"}),
            "invalid argument \"-1\" for \"--size\" flag: strconv.ParseUint: parsing \"-1\": "
            "invalid syntax");
  EXPECT_EQ(FlagUsages({{"size", 0, Type::kUint, "128", "how much"}}),
            "      --size uint   how much (default 128)\n");
}

TEST_F(CtlFlagsTest, FlagsStandBetweenArgumentsUntilTwoDashes) {
  EXPECT_THAT(Parse({"a", "--limit", "1", "-", "--", "--limit", "-b"}),
              ElementsAre("a", "-", "--limit", "-b"));
  EXPECT_EQ(flags_.GetInt("limit"), 1);
}

TEST_F(CtlFlagsTest, AListIsCutAtCommasAndGrowsWithEachFlag) {
  Parse({"--endpoints=a,b", "--endpoints", "c"});
  EXPECT_THAT(flags_.GetStrings("endpoints"), ElementsAre("a", "b", "c"));
  EXPECT_EQ(flags_.Text("endpoints"), "[a,b,c]");
}

TEST_F(CtlFlagsTest, TheEnvironmentSetsWithoutMarkingAsChanged) {
  EXPECT_FALSE(flags_.IsGiven("limit"));
  EXPECT_TRUE(flags_.SetFromEnvironment("limit", "7").ok());
  EXPECT_EQ(flags_.GetInt("limit"), 7);
  EXPECT_FALSE(flags_.changed("limit"));
  EXPECT_TRUE(flags_.IsGiven("limit"));
  Parse({"--timeout=1s"});
  EXPECT_TRUE(flags_.changed("timeout"));
  EXPECT_TRUE(flags_.IsGiven("timeout"));
}

TEST_F(CtlFlagsTest, WhatCannotBeReadInTheEnvironmentChangesNothing) {
  EXPECT_EQ(flags_.SetFromEnvironment("limit", "x").message(),
            "strconv.ParseInt: parsing \"x\": invalid syntax");
  EXPECT_EQ(flags_.SetFromEnvironment("timeout", "5").message(),
            "time: missing unit in duration \"5\"");
  EXPECT_FALSE(flags_.SetFromEnvironment("hex", "maybe").ok());
  for (const char* name : {"limit", "timeout", "hex"}) EXPECT_FALSE(flags_.IsGiven(name)) << name;
  EXPECT_TRUE(flags_.SetFromEnvironment("limit", "7").ok());
  EXPECT_FALSE(flags_.SetFromEnvironment("limit", "x").ok());
  EXPECT_EQ(flags_.GetInt("limit"), 7);
}

TEST_F(CtlFlagsTest, WhatPflagMakesOfWhatCannotBeRead) {
  flags_.SetUnreadable("limit", "x");
  EXPECT_EQ(flags_.Text("limit"), "0");
  flags_.SetUnreadable("limit", "99999999999999999999");
  EXPECT_EQ(flags_.Text("limit"), "9223372036854775807");
  flags_.SetUnreadable("limit", "-99999999999999999999");
  EXPECT_EQ(flags_.Text("limit"), "-9223372036854775808");
  flags_.SetUnreadable("hex", "maybe");
  EXPECT_EQ(flags_.Text("hex"), "false");
  flags_.SetUnreadable("timeout", "5");
  EXPECT_EQ(flags_.Text("timeout"), "0s");
}

TEST_F(CtlFlagsTest, RefusesInPflagsWords) {
  EXPECT_EQ(Error({"--nope=1"}), "unknown flag: --nope");
  EXPECT_EQ(Error({"-iz"}), "unknown shorthand flag: 'z' in -z");
  EXPECT_EQ(Error({"--limit"}), "flag needs an argument: --limit");
  EXPECT_EQ(Error({"-iw"}), "flag needs an argument: 'w' in -w");
  EXPECT_EQ(Error({"--=1"}), "bad flag syntax: --=1");
  EXPECT_EQ(Error({"---a"}), "bad flag syntax: ---a");
  EXPECT_EQ(Error({"--limit", "x"}),
            "invalid argument \"x\" for \"--limit\" flag: strconv.ParseInt: parsing \"x\": "
            "invalid syntax");
  EXPECT_EQ(Error({"--timeout=5"}),
            "invalid argument \"5\" for \"--timeout\" flag: time: missing unit in duration \"5\"");
  EXPECT_EQ(Error({"-x=maybe"}),
            "invalid argument \"maybe\" for \"-x, --hex\" flag: strconv.ParseBool: parsing "
            "\"maybe\": invalid syntax");
}

TEST_F(CtlFlagsTest, UsagesAreSortedAlignedAndNameDefaultsThatAreNotZero) {
  EXPECT_EQ(FlagUsages({{"write-out", 'w', Type::kString, "simple", "format"},
                        {"limit", 0, Type::kInt64, "0", "how many"},
                        {"time", 0, Type::kDuration, "5s", "how long"},
                        {"on", 0, Type::kBool, "true", "switch"}}),
            "      --limit int          how many\n"
            "      --on                 switch (default true)\n"
            "      --time duration      how long (default 5s)\n"
            "  -w, --write-out string   format (default \"simple\")\n");
}

}  // namespace
}  // namespace cli
