#include "ctl/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
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

}  // namespace
}  // namespace ctl
