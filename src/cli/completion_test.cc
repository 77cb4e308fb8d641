#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace cli {
namespace {

using ::testing::HasSubstr;
using Type = FlagSpec::Type;

FlagSpec OneOf(const char* name, char shorthand, std::vector<std::string> words) {
  return {name, shorthand, Type::kString, "", name, /*required=*/false, std::move(words)};
}

// A tree whose texts a shell might take for its own.
Command Root() {
  const auto run = [](const Invocation&) -> Outcome { return {}; };
  return {.name = "a-tool",
          .use = "a-tool",
          .short_text = "Is a tool",
          .persistent_flags = {{"output", 'o', Type::kString, "", "where it's written: $HOME"},
                               {"quiet", 'q', Type::kBool, "false", "says nothing"},
                               OneOf("format", 'f', {"json", "table"})},
          .subcommands = {{.name = "file",
                           .use = "file",
                           .short_text = "Does `something` with \"a file\"",
                           .subcommands = {{.name = "copy",
                                            .use = "copy",
                                            .short_text = "Copies it",
                                            .flags = {{"to", 0, Type::kString, "", "where to"},
                                                      OneOf("by", 'b', {"hand", "name"})},
                                            .run = run},
                                           {.name = "compare",
                                            .use = "compare",
                                            .short_text = "Isn't a copy",
                                            .flags = {OneOf("by", 'b', {"date", "name"})},
                                            .run = run}}},
                          {.name = "color",
                           .use = "color",
                           .short_text = "Chooses one",
                           .run = run,
                           .valid_arguments = {"red", "green"}}}};
}

// What bash offers for the last of these words.
std::string Offered(const std::string& words) {
  const std::string script = BashCompletion(Root()) + "\nCOMP_WORDS=(" + words +
                             ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_a_tool\n"
                             "echo \"${COMPREPLY[*]}\"\n";
  const std::string path = ::testing::TempDir() + "completion_test.bash";
  std::FILE* const file = std::fopen(path.c_str(), "w");
  EXPECT_NE(file, nullptr);
  std::fwrite(script.data(), 1, script.size(), file);
  std::fclose(file);
  std::FILE* const bash = popen(("bash --norc " + path + " 2>&1").c_str(), "r");
  EXPECT_NE(bash, nullptr);
  std::string said = ReadAll(bash);
  EXPECT_EQ(pclose(bash), 0);
  std::remove(path.c_str());
  if (!said.empty()) said.pop_back();
  return said;
}

TEST(CompletionTest, BashOffersTheCommandsAndArguments) {
  EXPECT_EQ(Offered("a-tool ''"), "color file");
  EXPECT_EQ(Offered("a-tool f"), "file");
  EXPECT_EQ(Offered("a-tool file ''"), "compare copy");
  EXPECT_EQ(Offered("a-tool file cop"), "copy");
  EXPECT_EQ(Offered("a-tool color ''"), "green red");
  // Files are the shell's to offer.
  EXPECT_EQ(Offered("a-tool file copy ''"), "");
  EXPECT_EQ(Offered("a-tool nonsense file ''"), "compare copy");
}

TEST(CompletionTest, BashOffersTheFlagsOfTheCommandAndOfThoseAbove) {
  EXPECT_EQ(Offered("a-tool -"), "--format --help --output --quiet");
  EXPECT_EQ(Offered("a-tool file copy --"), "--by --format --help --output --quiet --to");
  EXPECT_EQ(Offered("a-tool file compare --t"), "");
}

TEST(CompletionTest, BashTakesNoValueOfAFlagForACommand) {
  EXPECT_EQ(Offered("a-tool --output file ''"), "color file");
  EXPECT_EQ(Offered("a-tool -o file file ''"), "compare copy");
  EXPECT_EQ(Offered("a-tool -q file ''"), "compare copy");
  EXPECT_EQ(Offered("a-tool --output ''"), "");
}

TEST(CompletionTest, BashOffersWhatAFlagsValueMayBe) {
  EXPECT_EQ(Offered("a-tool --format ''"), "json table");
  EXPECT_EQ(Offered("a-tool file compare -f t"), "table");
  EXPECT_EQ(Offered("a-tool -q --format t"), "table");
  EXPECT_EQ(Offered("a-tool --format json f"), "file");
  // Bash makes words of their own of these.
  EXPECT_EQ(Offered("a-tool --format ="), "json table");
  EXPECT_EQ(Offered("a-tool --format = j"), "json");
  EXPECT_EQ(Offered("a-tool --format = file f"), "file");
  // Unless it was told not to.
  EXPECT_EQ(Offered("a-tool --format=t"), "--format=table");
  EXPECT_EQ(Offered("a-tool --output=t"), "");
}

TEST(CompletionTest, BashOffersTheValuesOfTheCommandsOwnFlag) {
  EXPECT_EQ(Offered("a-tool file copy --by ''"), "hand name");
  EXPECT_EQ(Offered("a-tool file compare -b ''"), "date name");
  EXPECT_EQ(Offered("a-tool --by ''"), "");
}

TEST(CompletionTest, BehindTwoDashesBashOffersArgumentsAlone) {
  EXPECT_EQ(Offered("a-tool color -- ''"), "green red");
  EXPECT_EQ(Offered("a-tool color -- -"), "");
  EXPECT_EQ(Offered("a-tool -- ''"), "");
  EXPECT_EQ(Offered("a-tool file -- c"), "");
  EXPECT_EQ(Offered("a-tool color -- --format ''"), "green red");
  EXPECT_EQ(Offered("a-tool --format -- f"), "file");
}

TEST(CompletionTest, ValuesAreInTheScriptsOfTheOtherShells) {
  const std::string fish = FishCompletion(Root());
  EXPECT_THAT(fish, HasSubstr("-l format -s f -x -a 'json table' -d 'format'\n"));
  EXPECT_THAT(fish, HasSubstr("and not _a_tool_is_behind_flags' -f -a copy "));
  const std::string zsh = ZshCompletion(Root());
  EXPECT_THAT(zsh, HasSubstr("      *' --format') candidates='json table';;\n"));
  EXPECT_THAT(zsh, HasSubstr("      ' file copy --by') candidates='hand name';;\n"));
  const std::string powershell = PowerShellCompletion(Root());
  EXPECT_THAT(powershell, HasSubstr("    '--format' = @('json', 'table')\n"));
  EXPECT_THAT(powershell, HasSubstr("    ' file compare -b' = @('date', 'name')\n"));
}

TEST(CompletionTest, TextsAreQuotedAsEachShellDoes) {
  const std::string fish = FishCompletion(Root());
  EXPECT_THAT(fish, HasSubstr("-f -a copy -d 'Copies it'\n"));
  EXPECT_THAT(fish, HasSubstr("-f -a compare -d 'Isn\\'t a copy'\n"));
  EXPECT_THAT(fish, HasSubstr("-l output -s o -r -d 'where it\\'s written: $HOME'\n"));
  EXPECT_THAT(fish, HasSubstr("-n '__fish_seen_subcommand_from color; and not "
                              "__fish_seen_subcommand_from green red' -f -a red\n"));
  EXPECT_THAT(PowerShellCompletion(Root()), HasSubstr("' file' = @('compare', 'copy')\n"));
  EXPECT_THAT(ZshCompletion(Root()), HasSubstr("' file') candidates='compare copy';;\n"));
  EXPECT_TRUE(ZshCompletion(Root()).starts_with("#compdef a-tool\n"));
}

}  // namespace
}  // namespace cli
