#include "config/command_line.h"

#include <gtest/gtest.h>

namespace config {
namespace {

using Arguments = std::vector<std::string>;

CommandLine Parsed(const Arguments& arguments) {
  auto line = ParseCommandLine(arguments);
  EXPECT_TRUE(line.ok()) << line.status().ToString();
  return line.ok() ? std::move(*line) : CommandLine();
}

TEST(CommandLineTest, TakesGoFormsOfAFlag) {
  for (const Arguments& arguments :
       {Arguments{"-name", "x"}, {"--name", "x"}, {"-name=x"}, {"--name=x"}}) {
    const CommandLine line = Parsed(arguments);
    EXPECT_EQ(line.config.member.name, "x");
    EXPECT_EQ(line.given, (std::set<std::string_view>{"name"}));
  }
}

TEST(CommandLineTest, AValueMayBeginWithADashOrHoldEqualsSigns) {
  EXPECT_EQ(Parsed({"--name", "--pre-vote"}).config.member.name, "--pre-vote");
  EXPECT_EQ(Parsed({"--name=a=b"}).config.member.name, "a=b");
  EXPECT_EQ(Parsed({"--name="}).config.member.name, "");
}

TEST(CommandLineTest, SwitchesTakeTheirValueAfterAnEqualsSignAlone) {
  EXPECT_TRUE(Parsed({"--auto-tls"}).config.client_tls.auto_tls);
  EXPECT_FALSE(Parsed({"--pre-vote=F"}).config.cluster.pre_vote);
  const CommandLine line = Parsed({"--auto-tls", "false"});
  EXPECT_TRUE(line.config.client_tls.auto_tls);
  EXPECT_EQ(line.stray, "false");
}

TEST(CommandLineTest, TheLastOfSeveralWins) {
  EXPECT_EQ(Parsed({"--name=a", "--name=b"}).config.member.name, "b");
}

TEST(CommandLineTest, FlagsEndAtTheFirstOtherArgument) {
  const CommandLine line = Parsed({"--name=a", "stray", "--name=b"});
  EXPECT_EQ(line.config.member.name, "a");
  EXPECT_EQ(line.stray, "stray");
  EXPECT_EQ(Parsed({"--", "--name=b"}).stray, "--name=b");
  EXPECT_EQ(Parsed({"-"}).stray, "-");
  EXPECT_EQ(Parsed({"--"}).stray, std::nullopt);
}

TEST(CommandLineTest, HelpEndsTheReading) {
  for (const char* help : {"-h", "--h", "-help", "--help"}) {
    EXPECT_TRUE(Parsed({help, "--no-such-flag"}).help);
  }
}

TEST(CommandLineTest, VersionIsASwitch) {
  EXPECT_TRUE(Parsed({"--version"}).version);
  EXPECT_FALSE(Parsed({"--version=false"}).version);
}

TEST(CommandLineTest, RefusesWithTheTextsOfGo) {
  const std::pair<Arguments, const char*> kRefused[] = {
      {{"--foo"}, "flag provided but not defined: -foo"},
      {{"-foo=1"}, "flag provided but not defined: -foo"},
      {{"---name"}, "bad flag syntax: ---name"},
      {{"-=x"}, "bad flag syntax: -=x"},
      {{"--name"}, "flag needs an argument: -name"},
      {{"--pre-vote=maybe"}, "invalid boolean value \"maybe\" for -pre-vote: parse error"},
      {{"--snapshot-count", "x"}, "invalid value \"x\" for flag -snapshot-count: parse error"},
      {{"--heartbeat-interval", "5s"},
       "invalid value \"5s\" for flag -heartbeat-interval: parse error: a number of milliseconds "
       "is "
       "expected"},
      {{"--auth-token-ttl", "5m"},
       "invalid value \"5m\" for flag -auth-token-ttl: parse error: a number of seconds is "
       "expected"},
      {{"--snapshot-count", "-1"}, "invalid value \"-1\" for flag -snapshot-count: parse error"},
      {{"--snapshot-count=18446744073709551616"},
       "invalid value \"18446744073709551616\" for flag -snapshot-count: value out of range"},
      {{"--max-concurrent-streams=4294967296"},
       "invalid value \"4294967296\" for flag -max-concurrent-streams: strconv.ParseUint: parsing "
       "\"4294967296\": value out of range"},
      {{"--warning-apply-duration=5"},
       "invalid value \"5\" for flag -warning-apply-duration: parse error"},
      {{"--initial-cluster-state=old"},
       "invalid value \"old\" for flag -initial-cluster-state: invalid value"},
      {{"--discovery-fallback=none"},
       "invalid value \"none\" for flag -discovery-fallback: invalid value"},
      {{"--listen-client-urls=localhost:2379"},
       "invalid value \"localhost:2379\" for flag -listen-client-urls: URL scheme must be http, "
       "https, unix, or unixs: localhost:2379"},
      {{"--feature-gates=X=true"},
       "invalid value \"X=true\" for flag -feature-gates: unrecognized feature gate: X"}};
  for (const auto& [arguments, error] : kRefused) {
    EXPECT_EQ(ParseCommandLine(arguments).status().message(), error);
  }
}

TEST(CommandLineTest, FlagsOfOldAreTakenWithAnyValue) {
  EXPECT_EQ(Parsed({"--snapshot", "-v=3", "--peer-election-timeout=x"}).given.size(), 3u);
}

TEST(CommandLineTest, AnEmptyListOfUrlsLeavesTheDefault) {
  EXPECT_EQ(JoinUrls(Parsed({"--listen-peer-urls="}).config.listen.peer_urls),
            "http://localhost:2380");
}

}  // namespace
}  // namespace config
