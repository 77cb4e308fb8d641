#include "ctl/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "ctl/testing/captured.h"
#include "ctl/testing/golden.h"

namespace ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Of a command and all those below it.
void AppendHelp(const CommandPath& path, std::string* text) {
  *text += "=====";
  for (const Command* command : path) *text += " " + command->name;
  *text += "\n" + HelpText(path);
  for (const Command& command : path.back()->subcommands) {
    CommandPath below = path;
    below.push_back(&command);
    AppendHelp(below, text);
  }
}

// What the command line prints and how it ends.
struct Ran {
  Outcome outcome;
  std::string out;
  std::string err;
};
Ran RunLine(const Command& command, const std::vector<std::string>& arguments) {
  testing::Captured out;
  testing::Captured err;
  Flags flags;
  for (const FlagSpec& spec : RootCommand().persistent_flags) flags.Add(spec);
  for (const FlagSpec& spec : command.persistent_flags) flags.Add(spec);
  for (const FlagSpec& spec : command.flags) flags.Add(spec);
  const Outcome outcome = command.run({flags, arguments, stdin, out.file(), err.file()});
  return {outcome, out.text(), err.text()};
}
Ran RunLine(const std::string& name, const std::vector<std::string>& arguments) {
  return RunLine(*FindSubcommand(RootCommand(), name), arguments);
}

TEST(HelpTest, TheTextsOfAllCommandsAreThoseThatWereRecorded) {
  std::string text;
  AppendHelp({&RootCommand()}, &text);
  text += "===== options\n" + RunLine("options", {}).out;
  text += "===== version\n" + RunLine("version", {}).out;
  testing::ExpectGolden("help.txt", text);
}

TEST(HelpTest, ACommandIsFoundByItsNameOrByABeginningThatIsItsAlone) {
  const Command& root = RootCommand();
  EXPECT_EQ(FindSubcommand(root, "get")->name, "get");
  EXPECT_EQ(FindSubcommand(root, "comp"), nullptr);  // compaction, and completion of etcd's
  EXPECT_EQ(FindSubcommand(root, "compa")->name, "compaction");
  EXPECT_EQ(FindSubcommand(root, "compact")->name, "compaction");
  EXPECT_EQ(FindSubcommand(root, "de"), nullptr);  // del, defrag
  EXPECT_EQ(FindSubcommand(root, "del")->name, "del");
  EXPECT_EQ(FindSubcommand(root, "gets"), nullptr);
  EXPECT_EQ(FindSubcommand(*FindSubcommand(root, "alarm"), "dis")->name, "disarm");
}

TEST(HelpTest, HelpIsOfTheCommandThatIsNamed) {
  const Command& endpoint = *FindSubcommand(RootCommand(), "endpoint");
  const Command& status = *FindSubcommand(endpoint, "status");
  EXPECT_EQ(RunLine("help", {}).out, HelpText({&RootCommand()}));
  EXPECT_EQ(RunLine("help", {"endpoint"}).out, HelpText({&RootCommand(), &endpoint}));
  EXPECT_EQ(RunLine("help", {"endpoint", "status"}).out,
            HelpText({&RootCommand(), &endpoint, &status}));
  EXPECT_EQ(RunLine("help", {"endpoint", "nonsense"}).out, HelpText({&RootCommand(), &endpoint}));
}

TEST(HelpTest, ATopicThatIsNotThereIsToldWithTheUsage) {
  const Ran ran = RunLine("help", {"x", "y"});
  EXPECT_TRUE(ran.outcome.ok());
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_EQ(ran.err, "Unknown help topic [`x` `y`]\n" + UsageText({&RootCommand()}));
}

TEST(HelpTest, NamesThatAreMeantAreSuggested) {
  EXPECT_EQ(UnknownCommandText("xyzzy"), "unknown command \"xyzzy\" for \"etcdctl\"");
  EXPECT_EQ(UnknownCommandText("gte"),
            "unknown command \"gte\" for \"etcdctl\"\n\nDid you mean this?\n\tget\n");
  EXPECT_THAT(UnknownCommandText("membr"), HasSubstr("\tmember\n"));
  EXPECT_THAT(UnknownCommandText("MEM"), HasSubstr("\tmember\n"));
  EXPECT_THAT(UnknownCommandText("DEFRAX"), HasSubstr("\tdefrag\n"));
  EXPECT_EQ(UnknownCommandText("memxyz").find("member"), std::string::npos);
}

// What is refused before anything is asked.
TEST(CommandTest, ArgumentsThatAreTooManyOrMissingAreRefused) {
  const auto expect = [](const std::string& name, const std::vector<std::string>& arguments,
                         int exit_code, const std::string& error) {
    const Ran ran = RunLine(name, arguments);
    EXPECT_EQ(ran.outcome.exit_code, exit_code) << name;
    EXPECT_EQ(ran.outcome.error, error) << name;
  };
  expect("get", {}, kExitBadArguments,
         "get command needs one argument as key and an optional argument as range_end");
  expect("put", {}, kExitBadArguments,
         "put command needs 1 argument and input from stdin or 2 arguments");
  expect("del", {}, kExitBadArguments,
         "del command needs one argument as key and an optional argument as range_end");
  expect("del", {"a", "b", "c"}, kExitBadArguments,
         "del command needs one argument as key and an optional argument as range_end");
  expect("txn", {"a"}, kExitBadArguments, "txn command does not accept argument");
  expect("watch", {}, kExitBadArguments, "bad number of arguments");
  expect("compaction", {}, kExitBadArguments, "compaction command needs 1 argument");
  expect("compaction", {"1", "2"}, kExitBadArguments, "compaction command needs 1 argument");
  expect("compaction", {"x"}, kExitError, "strconv.ParseInt: parsing \"x\": invalid syntax");
  const Command& lease = *FindSubcommand(RootCommand(), "lease");
  for (const auto& [name, arguments, error] :
       {std::tuple("grant", std::vector<std::string>{}, "lease grant command needs TTL argument"),
        {"grant", {"x"}, "bad TTL (strconv.ParseInt: parsing \"x\": invalid syntax)"},
        {"revoke", {"1", "2"}, "lease revoke command needs 1 argument"},
        {"revoke",
         {"zz"},
         "bad lease ID arg (strconv.ParseInt: parsing \"zz\": invalid syntax), expecting ID in "
         "Hex"},
        {"timetolive", {}, "lease timetolive command needs lease ID as argument"},
        {"keep-alive", {}, "lease keep-alive command needs lease ID as argument"}}) {
    const Ran ran = RunLine(*FindSubcommand(lease, name), arguments);
    EXPECT_EQ(ran.outcome.exit_code, kExitBadArguments) << name;
    EXPECT_EQ(ran.outcome.error, error);
  }
  const Command& alarm = *FindSubcommand(RootCommand(), "alarm");
  const Command& snapshot = *FindSubcommand(RootCommand(), "snapshot");
  for (const auto& [command, error] :
       {std::pair(FindSubcommand(alarm, "list"), "alarm list command accepts no arguments"),
        {FindSubcommand(alarm, "disarm"), "alarm disarm command accepts no arguments"}}) {
    const Ran ran = RunLine(*command, {"a"});
    EXPECT_EQ(ran.outcome.exit_code, kExitBadArguments);
    EXPECT_EQ(ran.outcome.error, error);
  }
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{}, {"a", "b"}}) {
    const Ran ran = RunLine(*FindSubcommand(snapshot, "save"), arguments);
    EXPECT_EQ(ran.outcome.exit_code, kExitBadArguments);
    EXPECT_EQ(ran.outcome.error, "snapshot save expects one argument <filename>");
  }
}

}  // namespace
}  // namespace ctl
