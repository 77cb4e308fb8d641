#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/run.h"
#include "ctl/command.h"

namespace ctl {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Ran {
  int status;
  std::string out;
  std::string err;
};
Ran RunMain(const std::vector<std::string>& words) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int status = cli::Run(RootCommand(), words);
  return {status, ::testing::internal::GetCapturedStdout(),
          ::testing::internal::GetCapturedStderr()};
}

TEST(CtlMainTest, ACommandIsRunWithItsArguments) {
  const Ran ran = RunMain({"version"});
  EXPECT_EQ(ran.status, kExitSuccess);
  EXPECT_EQ(ran.out, "etcdctl version: 3.7.1\nAPI version: 3.7\n");
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST(CtlMainTest, WhatIsPrintedIsThereAtOnce) {
  const std::string path = ::testing::TempDir() + "printed";
  std::FILE* const file = std::fopen(path.c_str(), "w");
  Print(file, "prompt> ");
  std::FILE* const reader = std::fopen(path.c_str(), "r");
  EXPECT_EQ(ReadAll(reader), "prompt> ");
  std::fclose(reader);
  std::fclose(file);
  std::remove(path.c_str());
}

TEST(CtlMainTest, WithoutACommandThereIsHelp) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"--help"}, {"-h"}, {"help"}, {"-w", "json"}}) {
    const Ran ran = RunMain(words);
    EXPECT_EQ(ran.status, kExitSuccess);
    EXPECT_THAT(ran.out, StartsWith("A simple command line client for etcd3.\n"));
  }
}

TEST(CtlMainTest, ACommandThatOnlyHasSubcommandsShowsThem) {
  const Ran ran = RunMain({"endpoint"});
  EXPECT_EQ(ran.status, kExitSuccess);
  EXPECT_THAT(ran.out, HasSubstr("etcdctl endpoint [command]"));
  EXPECT_THAT(RunMain({"get", "--help"}).out, HasSubstr("etcdctl get [options] <key>"));
}

TEST(CtlMainTest, FlagsMayStandBeforeAndBetweenTheWordsOfACommand) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-w", "json", "alarm", "list", "x"},
        {"--write-out=json", "alarm", "list", "x"},
        {"alarm", "-w", "json", "list", "x"},
        {"alarm", "--hex", "list", "x"},
        {"alarm", "list", "--", "x"}}) {
    const Ran ran = RunMain(words);
    EXPECT_EQ(ran.status, kExitBadArguments);
    EXPECT_EQ(ran.err, "Error: alarm list command accepts no arguments\n");
  }
}

TEST(CtlMainTest, AFlagOfACommandMayStandBeforeItWithItsValue) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--consistency", "s", "get"},
        {"--rev", "1", "get"},
        {"--consistency=s", "get"},
        {"--limit", "5", "--rev", "1", "get"}}) {
    EXPECT_EQ(RunMain(words).err,
              "Error: get command needs one argument as key and an optional "
              "argument as range_end\n");
  }
  EXPECT_EQ(RunMain({"--lease", "0", "put"}).err,
            "Error: put command needs 1 argument and input from stdin or 2 arguments\n");
  // Before the command nobody knows that this one takes no value.
  EXPECT_THAT(RunMain({"--prefix", "get", "a"}).err,
              StartsWith("Error: unknown command \"a\" for \"etcdctl\""));
}

TEST(CtlMainTest, ALetterThatIsASwitchMayStandBeforeACommand) {
  for (const char* help : {"-h", "--help"}) {
    EXPECT_THAT(RunMain({help, "get"}).out, HasSubstr("etcdctl get [options] <key>"));
  }
}

TEST(CtlMainTest, AnEndpointThatNoClientCanBeMadeOfIsUnhealthy) {
  const Ran ran = RunMain({"--endpoints=ftp://a", "endpoint", "health"});
  EXPECT_EQ(ran.status, kExitError);
  EXPECT_THAT(ran.err, StartsWith("ftp://a is unhealthy: failed to commit proposal: "));
  EXPECT_THAT(ran.err, EndsWith("Error: unhealthy cluster\n"));
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST(CtlMainTest, APrefixIsTheCommandIfEtcdHasNoOtherOfIt) {
  EXPECT_EQ(RunMain({"ver"}).status, kExitSuccess);
  EXPECT_EQ(RunMain({"compact"}).err, "Error: compaction command needs 1 argument\n");
  EXPECT_EQ(RunMain({"al", "l", "x"}).err, "Error: alarm list command accepts no arguments\n");
  for (const char* ambiguous : {"comp", "m", "a", "c"}) {
    EXPECT_THAT(RunMain({ambiguous}).err,
                StartsWith(std::string("Error: unknown command \"") + ambiguous + "\""));
  }
  // Not "doctor", which etcd has not.
  EXPECT_THAT(RunMain({"do"}).out, HasSubstr("etcdctl downgrade [command]"));
  EXPECT_EQ(RunMain({"doc", "x"}).err, "Error: doctor command accepts no arguments\n");
  EXPECT_THAT(RunMain({"endpoint", "h"}).out, HasSubstr("etcdctl endpoint [command]"));
}

TEST(CtlMainTest, BehindTwoDashesNothingIsACommand) {
  const Ran ran = RunMain({"--", "version"});
  EXPECT_EQ(ran.status, kExitSuccess);
  EXPECT_THAT(ran.out, StartsWith("A simple command line client for etcd3."));
}

TEST(CtlMainTest, AnEmptyWordIsNoCommand) {
  EXPECT_THAT(RunMain({""}).out, StartsWith("A simple command line client for etcd3."));
  EXPECT_THAT(RunMain({"", "version"}).out, StartsWith("etcdctl version"));
}

TEST(CtlMainTest, AnUnknownCommandIsRefused) {
  const Ran ran = RunMain({"xyzzy", "a"});
  EXPECT_EQ(ran.status, kExitError);
  EXPECT_EQ(ran.err,
            "Error: unknown command \"xyzzy\" for \"etcdctl\"\n"
            "Run 'etcdctl --help' for usage.\n");
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST(CtlMainTest, AnUnknownFlagIsRefusedWithTheUsage) {
  const Ran ran = RunMain({"get", "a", "--nope"});
  EXPECT_EQ(ran.status, kExitError);
  EXPECT_THAT(ran.err, StartsWith("Error: unknown flag: --nope\nUsage:\n  etcdctl get"));
}

TEST(CtlMainTest, WhatWasMeantStandsBehindEtcdsText) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> lines = {
      {{"get", "a", "--prefx"}, "--prefix"},
      {{"get", "a", "--endpoint=b"}, "--endpoints"},
      {{"completion", "powershel"}, "powershell"}};
  for (const auto& [words, meant] : lines) {
    const Ran ran = RunMain(words);
    EXPECT_EQ(ran.status, kExitError);
    EXPECT_THAT(ran.err, EndsWith("\nDid you mean this?\n\t" + meant + "\n"));
  }
  const Ran format = RunMain({"get", "a", "-w", "tabel"});
  EXPECT_EQ(format.status, kExitBadFeature);
  EXPECT_EQ(format.err, "Error: unsupported output format\n\nDid you mean this?\n\ttable\n");
  EXPECT_THAT(RunMain({"get", "a", "--order=ascnd"}).err,
              EndsWith("Error: bad sort order ascnd\n\nDid you mean this?\n\tASCEND\n"));
  const Ran below = RunMain({"member", "lst"});
  EXPECT_EQ(below.status, kExitSuccess);
  EXPECT_THAT(below.out, HasSubstr("etcdctl member [command]"));
  EXPECT_EQ(below.err,
            "unknown command \"lst\" for \"etcdctl member\"\n\nDid you mean this?\n\tlist\n");
  EXPECT_THAT(RunMain({"member", "xyzzy"}).err, IsEmpty());
}

TEST(CtlMainTest, ColorsAreThereIfTheyAreAskedFor) {
  EXPECT_EQ(RunMain({"--color=always", "alarm", "list", "x"}).err,
            "\x1b[31mError:\x1b[0m alarm list command accepts no arguments\n");
  EXPECT_EQ(RunMain({"--color", "yes", "get", "a"}).status, kExitBadArguments);
}

TEST(CtlMainTest, TwoPrefixesAtOnceAreRefused) {
  const Ran ran = RunMain({"du", "a", "b"});
  EXPECT_EQ(ran.status, kExitBadArguments);
  EXPECT_EQ(ran.err, "Error: du command accepts at most one prefix as its argument\n");
}

TEST(CtlMainTest, RulesThatCannotBeAskedForAreRefused) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> lines = {
      {{"admission", "set"}, "admission set command requires the rule's name as its argument"},
      {{"admission", "set", "a", "b"},
       "admission set command requires the rule's name as its argument"},
      {{"admission", "set", "a", "--burst", "-1s"}, "--burst must not be negative"},
      {{"admission", "set", "a", "--bytes-per-second", "1MB"},
       "invalid argument \"1MB\" for \"--bytes-per-second\" flag: strconv.ParseUint: parsing "
       "\"1MB\": invalid syntax"},
      {{"admission", "delete"},
       "admission delete command requires the rule's name as its argument"},
      {{"admission", "list", "a"}, "admission list command requires no arguments"}};
  for (const auto& [words, error] : lines) {
    const Ran ran = RunMain(words);
    EXPECT_NE(ran.status, kExitSuccess);
    EXPECT_THAT(ran.err, HasSubstr("Error: " + error + "\n"));
  }
}

}  // namespace
}  // namespace ctl
