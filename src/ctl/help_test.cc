#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/golden.h"
#include "cli/testing/help_of_all.h"
#include "ctl/command.h"
#include "ctl/testing/captured.h"

namespace ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
  return RunLine(*cli::FindSubcommand(RootCommand(), name), arguments);
}

TEST(HelpTest, TheTextsOfAllCommandsAreThoseThatWereRecorded) {
  std::string text = cli::testing::HelpOfAll({&RootCommand()});
  text += "===== options\n" + RunLine("options", {}).out;
  text += "===== version\n" + RunLine("version", {}).out;
  base::testing::ExpectGolden("src/ctl/testdata/help.txt", text);
}

TEST(HelpTest, ACommandIsFoundByItsNameOrByABeginningThatIsItsAlone) {
  const Command& root = RootCommand();
  EXPECT_EQ(cli::FindSubcommand(root, "get")->name, "get");
  EXPECT_EQ(cli::FindSubcommand(root, "comp"), nullptr);  // compaction, completion
  EXPECT_EQ(cli::FindSubcommand(root, "compa")->name, "compaction");
  EXPECT_EQ(cli::FindSubcommand(root, "compact")->name, "compaction");
  EXPECT_EQ(cli::FindSubcommand(root, "de"), nullptr);  // del, defrag
  EXPECT_EQ(cli::FindSubcommand(root, "del")->name, "del");
  EXPECT_EQ(cli::FindSubcommand(root, "gets"), nullptr);
  EXPECT_EQ(cli::FindSubcommand(*cli::FindSubcommand(root, "alarm"), "dis")->name, "disarm");
}

TEST(HelpTest, HelpIsOfTheCommandThatIsNamed) {
  const Command& endpoint = *cli::FindSubcommand(RootCommand(), "endpoint");
  const Command& status = *cli::FindSubcommand(endpoint, "status");
  EXPECT_EQ(RunLine("help", {}).out, cli::HelpText({&RootCommand()}));
  EXPECT_EQ(RunLine("help", {"endpoint"}).out, cli::HelpText({&RootCommand(), &endpoint}));
  EXPECT_EQ(RunLine("help", {"endpoint", "status"}).out,
            cli::HelpText({&RootCommand(), &endpoint, &status}));
  EXPECT_EQ(RunLine("help", {"endpoint", "nonsense"}).out,
            cli::HelpText({&RootCommand(), &endpoint}));
}

TEST(HelpTest, ATopicThatIsNotThereIsToldWithTheUsage) {
  const Ran ran = RunLine("help", {"x", "y"});
  EXPECT_TRUE(ran.outcome.ok());
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_EQ(ran.err, "Unknown help topic [`x` `y`]\n" + cli::UsageText({&RootCommand()}));
}

TEST(HelpTest, NamesThatAreMeantAreSuggested) {
  EXPECT_EQ(cli::UnknownCommandText(RootCommand(), "xyzzy"),
            "unknown command \"xyzzy\" for \"etcdctl\"");
  EXPECT_EQ(cli::UnknownCommandText(RootCommand(), "gte"),
            "unknown command \"gte\" for \"etcdctl\"\n\nDid you mean this?\n\tget\n");
  EXPECT_THAT(cli::UnknownCommandText(RootCommand(), "membr"), HasSubstr("\tmember\n"));
  EXPECT_THAT(cli::UnknownCommandText(RootCommand(), "MEM"), HasSubstr("\tmember\n"));
  EXPECT_THAT(cli::UnknownCommandText(RootCommand(), "DEFRAX"), HasSubstr("\tdefrag\n"));
  EXPECT_EQ(cli::UnknownCommandText(RootCommand(), "memxyz").find("member"), std::string::npos);
}

}  // namespace
}  // namespace ctl
