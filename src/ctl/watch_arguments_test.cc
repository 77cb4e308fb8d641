#include "ctl/watch_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/go_text.h"
#include "ctl/watch_commands.h"

namespace ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Words = std::vector<std::string>;

struct Read {
  Outcome outcome;
  WatchArguments watch;
};

Flags FlagsOfWatch() {
  Flags flags;
  for (const FlagSpec& spec : WatchFlags()) flags.Add(spec);
  return flags;
}

// Of a command line whose words stand apart by spaces.
Read ReadCommand(const std::string& line, const WatchVariables& variables = {}) {
  const Words words = base::Split(line, ' ');
  Flags flags = FlagsOfWatch();
  Words arguments = flags.Parse(words).value();
  arguments.erase(arguments.begin());
  Read read;
  read.outcome = ReadWatch(words, arguments, variables, &read.watch);
  return read;
}

Read ReadTyped(const Words& words, const WatchVariables& variables = {}) {
  Flags flags = FlagsOfWatch();
  Read read;
  read.outcome = ReadWatchLine(words, variables, &flags, &read.watch);
  return read;
}

TEST(WatchArgumentsTest, KeysStandBeforeTheSeparatorAndTheCommandBehindIt) {
  EXPECT_THAT(ReadCommand("watch a").watch.keys, ElementsAre("a"));
  EXPECT_THAT(ReadCommand("watch a").watch.command, IsEmpty());
  EXPECT_THAT(ReadCommand("watch --rev 3 a --prefix b").watch.keys, ElementsAre("a", "b"));
  const Read read = ReadCommand("watch a --rev 1 b -- echo a --rev x");
  EXPECT_THAT(read.watch.keys, ElementsAre("a", "b"));
  EXPECT_THAT(read.watch.command, ElementsAre("echo", "a", "--rev", "x"));
  EXPECT_THAT(ReadCommand("watch a -- echo echo").watch.keys, ElementsAre("a"));
}

TEST(WatchArgumentsTest, ACommandLineWithoutKeysOrWithoutACommandBehindTheSeparatorIsRefused) {
  EXPECT_EQ(ReadCommand("watch").outcome.error, "bad number of arguments");
  EXPECT_EQ(ReadCommand("watch --prefix").outcome.error, "bad number of arguments");
  EXPECT_EQ(ReadCommand("watch -- echo").outcome.error, "bad number of arguments");
  const Read read = ReadCommand("watch a --");
  EXPECT_EQ(read.outcome.error, "bad number of arguments (found separator --, but no commands)");
  EXPECT_EQ(read.outcome.exit_code, kExitBadArguments);
}

TEST(WatchArgumentsTest, VariablesStandForKeysAndNotBesideThem) {
  const WatchVariables key{.key = "k"};
  EXPECT_THAT(ReadCommand("watch", key).watch.keys, ElementsAre("k"));
  EXPECT_THAT(ReadCommand("watch", {"k", "l"}).watch.keys, ElementsAre("k", "l"));
  EXPECT_THAT(ReadCommand("watch --rev 1 -- echo", key).watch.command, ElementsAre("echo"));
  for (const char* const line : {"watch a", "watch a -- echo", "watch a --rev 1 -- echo"}) {
    EXPECT_EQ(ReadCommand(line, key).outcome.error,
              "bad number of arguments (found conflicting environment key)");
  }
}

TEST(WatchArgumentsTest, ATypedLineIsReadWithFlagsOfItsOwn) {
  Flags flags = FlagsOfWatch();
  WatchArguments watch;
  ASSERT_TRUE(
      ReadWatchLine({"a", "--rev", "7", "--prefix", "--", "echo", "-n"}, {}, &flags, &watch).ok());
  EXPECT_THAT(watch.keys, ElementsAre("a"));
  EXPECT_THAT(watch.command, ElementsAre("echo", "-n"));
  EXPECT_EQ(flags.GetInt("rev"), 7);
  EXPECT_TRUE(flags.GetBool("prefix"));
}

TEST(WatchArgumentsTest, ATypedLineThatIsWrongIsRefused) {
  const auto error = [](const Words& words, const WatchVariables& variables = {}) {
    const Read read = ReadTyped(words, variables);
    EXPECT_EQ(read.outcome.ok() ? kExitBadArguments : read.outcome.exit_code, kExitBadArguments);
    return read.outcome.error;
  };
  EXPECT_EQ(error({"a", "--"}), "bad number of arguments (found separator --, but no commands)");
  EXPECT_EQ(error({"a", "--nope"}), "unknown flag: --nope");
  EXPECT_EQ(error({"a", "-h"}), "pflag: help requested");
  EXPECT_EQ(error({"--prefix"}), "bad number of arguments");
  EXPECT_EQ(error({"a"}, {.key = "k"}),
            "bad number of arguments (found conflicting environment key)");
  // The request will be.
  EXPECT_EQ(error({"--", "echo"}), "");
  EXPECT_THAT(ReadTyped({"a", "--", "echo"}, {.key = "k"}).watch.keys, ElementsAre("k", "a"));
}

TEST(WatchArgumentsTest, TheRequestIsOfTheKeysAndTheFlags) {
  const auto read = [](const Words& words, const Words& keys) {
    Flags flags = FlagsOfWatch();
    EXPECT_TRUE(flags.Parse(words).ok());
    etcd::WatchRequest request;
    const Outcome outcome = ReadWatchRequest(flags, keys, &request);
    EXPECT_EQ(outcome.error, "");
    return request;
  };
  EXPECT_EQ(read({}, {"a"}).range_end, "");
  EXPECT_EQ(read({}, {"a", "c"}).range_end, "c");
  EXPECT_EQ(read({}, {"a", "c", "d"}).range_end, "");
  EXPECT_EQ(read({"--prefix"}, {"a"}).range_end, "b");
  EXPECT_EQ(read({"--prefix"}, {""}).key, etcd::kFromKey);
  const etcd::WatchRequest request = read({"--rev=5", "--prev-kv", "--progress-notify"}, {"a"});
  EXPECT_EQ(request.start_revision, 5);
  EXPECT_TRUE(request.prev_kv && request.progress_notify);
  EXPECT_FALSE(read({}, {"a"}).prev_kv || read({}, {"a"}).progress_notify);
}

TEST(WatchArgumentsTest, ARangeIsNoPrefix) {
  Flags flags = FlagsOfWatch();
  EXPECT_TRUE(flags.Parse({"--prefix"}).ok());
  etcd::WatchRequest request;
  EXPECT_EQ(ReadWatchRequest(flags, {"a", "b"}, &request).error,
            "`range_end` and `--prefix` are mutually exclusive");
  EXPECT_EQ(ReadWatchRequest(flags, {}, &request).error, "bad number of arguments");
}

}  // namespace
}  // namespace ctl
