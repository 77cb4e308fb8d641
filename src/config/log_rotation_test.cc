#include "config/log_rotation.h"

#include <gtest/gtest.h>

#include "config/server_config.h"

namespace config {
namespace {

TEST(LogRotationTest, ReadsTheDefault) {
  const auto rotation = ParseLogRotation(LogConfig().rotation_config_json);
  ASSERT_TRUE(rotation.ok()) << rotation.status().ToString();
  EXPECT_EQ(rotation->max_size_megabytes, 100u);
  EXPECT_EQ(rotation->max_backups, 0u);
  EXPECT_FALSE(rotation->compress);
}

TEST(LogRotationTest, ReadsEveryKey) {
  const auto rotation = ParseLogRotation(
      R"({"maxsize":1,"maxage":2,"maxbackups":3,"localtime":true,"compress":true,"else":null})");
  ASSERT_TRUE(rotation.ok()) << rotation.status().ToString();
  EXPECT_EQ(rotation->max_size_megabytes, 1u);
  EXPECT_EQ(rotation->max_age_days, 2u);
  EXPECT_EQ(rotation->max_backups, 3u);
  EXPECT_TRUE(rotation->local_time);
  EXPECT_TRUE(rotation->compress);
}

TEST(LogRotationTest, TellsMalformedFromMistyped) {
  EXPECT_EQ(ParseLogRotation("{").status().message(),
            "improperly formatted log rotation config: invalid JSON");
  EXPECT_EQ(ParseLogRotation(R"({"maxsize":"1"})").status().message(),
            "invalid log rotation config: json: cannot unmarshal string into Go struct field "
            "logRotationConfig.maxsize of type int");
  EXPECT_FALSE(ParseLogRotation("[]").ok());
}

}  // namespace
}  // namespace config
