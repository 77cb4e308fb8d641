#include "config/log_level.h"

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(LogLevelTest, TakesAnyCaseAndTheNamesOfZap) {
  EXPECT_EQ(LogLevelName("info"), "info");
  EXPECT_EQ(LogLevelName("INFO"), "info");
  EXPECT_EQ(LogLevelName("wArN"), "warn");
  EXPECT_EQ(LogLevelName("warning"), "warn");
  EXPECT_EQ(LogLevelName("DPanic"), "panic");
  EXPECT_EQ(LogLevelName(""), "info");
  for (const char* text : {"inf", "infos", "trace", " info", "1"}) {
    EXPECT_EQ(LogLevelName(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace config
