#include "ctl/event_command.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace ctl {
namespace {

const etcd::Event kPut{.type = etcd::Event::Type::kPut, .kv = {.key = "k\n", .value = "v\"\xff"}};

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(EventCommandTest, TheEventIsInTheEnvironmentAndNothingCanBeRead) {
  const std::string path = ::testing::TempDir() + "event";
  setenv("EVENT_FILE", path.c_str(), 1);
  // Of an event that this process was told of itself.
  setenv("ETCD_WATCH_KEY", "old", 1);
  const std::string script =
      "printf '%s\\n' \"$ETCD_WATCH_REVISION\" \"$ETCD_WATCH_EVENT_TYPE\" \"$ETCD_WATCH_KEY\" "
      "\"$ETCD_WATCH_VALUE\" \"$1\" > \"$EVENT_FILE\"; cat >> \"$EVENT_FILE\"";
  EXPECT_EQ(RunForEvent({"sh", "-c", script, "sh", "a b"}, 7, kPut), "");
  EXPECT_EQ(Contents(path), "7\n\"PUT\"\n\"k\\n\"\n\"v\\\"\\xff\"\na b\n");
  const etcd::Event deleted{.type = etcd::Event::Type::kDelete, .kv = {.key = "k"}};
  EXPECT_EQ(RunForEvent({"sh", "-c", "echo $ETCD_WATCH_EVENT_TYPE > $EVENT_FILE"}, 8, deleted), "");
  EXPECT_EQ(Contents(path), "\"DELETE\"\n");
  unsetenv("ETCD_WATCH_KEY");
  unsetenv("EVENT_FILE");
}

TEST(EventCommandTest, HowItFailedIsToldInGosWords) {
  EXPECT_EQ(RunForEvent({"false"}, 1, kPut), "exit status 1");
  EXPECT_EQ(RunForEvent({"sh", "-c", "exit 42"}, 1, kPut), "exit status 42");
  EXPECT_EQ(RunForEvent({"sh", "-c", "kill -9 $$"}, 1, kPut), "signal: killed");
  EXPECT_EQ(RunForEvent({"no-such-program"}, 1, kPut),
            "exec: \"no-such-program\": executable file not found in $PATH");
  EXPECT_EQ(RunForEvent({"/no/such/program"}, 1, kPut),
            "fork/exec /no/such/program: no such file or directory");
  EXPECT_EQ(RunForEvent({"/etc/passwd"}, 1, kPut), "fork/exec /etc/passwd: permission denied");
}

}  // namespace
}  // namespace ctl
