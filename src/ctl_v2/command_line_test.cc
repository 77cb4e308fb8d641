#include "ctl_v2/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctl_v2 {
namespace {

using ::testing::ElementsAre;
using Type = cli::FlagSpec::Type;

Command Example() {
  Command command{"rm", "remove", "KEY"};
  command.flags = {{{"recursive", 0, Type::kBool, "false", ""}, "r"},
                   {{"ttl", 0, Type::kInt, "0", ""}},
                   {{"roles", 0, Type::kStrings, "", ""}}};
  return command;
}

TEST(CtlV2CommandLineTest, FlagsMayStandBetweenArguments) {
  const Command command = Example();
  EXPECT_THAT(FlagsFirst(command, {"a", "--ttl", "5", "b"}), ElementsAre("--ttl", "5", "a", "b"));
  EXPECT_THAT(FlagsFirst(command, {"a", "-r", "b"}), ElementsAre("-r", "b", "a"));
  EXPECT_THAT(FlagsFirst(command, {"a", "-x", "b"}), ElementsAre("a", "-x", "b"));
  EXPECT_THAT(FlagsFirst(command, {"a", "--ttl=5", "--", "-r"}),
              ElementsAre("--ttl=5", "--", "a", "-r"));
}

TEST(CtlV2CommandLineTest, DashesAreAnArgumentWhereTheyPartTwoThings) {
  Command command = Example();
  command.keeps_dashes = true;
  EXPECT_THAT(FlagsFirst(command, {"k", "--", "echo", "-r"}), ElementsAre("k", "--", "echo", "-r"));
}

TEST(CtlV2CommandLineTest, AFlagHasTwoNamesAndListsGrow) {
  cli::Flags flags;
  const auto rest = ParseFlags(
      Example().flags, {"-r", "--ttl", "-5", "--roles", "a,b", "-roles=c", "k", "-r"}, &flags);
  ASSERT_TRUE(rest.ok());
  EXPECT_THAT(*rest, ElementsAre("k", "-r"));
  EXPECT_TRUE(flags.GetBool("recursive"));
  EXPECT_EQ(flags.GetInt("ttl"), -5);
  EXPECT_THAT(flags.GetStrings("roles"), ElementsAre("a,b", "c"));
}

TEST(CtlV2CommandLineTest, WhatCannotBeReadIsRefusedInGosWords) {
  const auto why = [](const std::vector<std::string>& words) {
    cli::Flags flags;
    return std::string(ParseFlags(Example().flags, words, &flags).status().message());
  };
  EXPECT_EQ(why({"--none"}), "flag provided but not defined: -none");
  EXPECT_EQ(why({"--ttl", "x"}), "invalid value \"x\" for flag -ttl: parse error");
  EXPECT_EQ(why({"--ttl", "99999999999999999999"}),
            "invalid value \"99999999999999999999\" for flag -ttl: value out of range");
  EXPECT_EQ(why({"--ttl"}), "flag needs an argument: -ttl");
}

TEST(CtlV2CommandLineTest, EachCommandTellsWhatItDoesAndRunsOrHasOthers) {
  for (const Command& command : RootCommand().subcommands) {
    EXPECT_FALSE(command.short_text.empty()) << command.name;
    if (command.name != "help") {
      EXPECT_EQ(command.run == nullptr, !command.subcommands.empty()) << command.name;
    }
    EXPECT_NE(HelpText(command, "etcdctl " + command.name).find("--help"), std::string::npos);
  }
}

}  // namespace
}  // namespace ctl_v2
