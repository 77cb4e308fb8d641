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

TEST(LogRotationTest, TheCaseOfKeysDoesNotCountAndTheLastOfThemHolds) {
  const auto rotation = ParseLogRotation(
      R"({"maxsize":1,"MaxSize":2,"maxsize":3,"MAXBACKUPS":4,"Compress":true,"LocalTime":true,
          "maxAge":5,"maxage":null})");
  ASSERT_TRUE(rotation.ok()) << rotation.status().ToString();
  EXPECT_EQ(rotation->max_size_megabytes, 3u);
  EXPECT_EQ(rotation->max_backups, 4u);
  EXPECT_EQ(rotation->max_age_days, 5u);
  EXPECT_TRUE(rotation->compress);
  EXPECT_TRUE(rotation->local_time);
}

TEST(LogRotationTest, AMemberOfAnObjectInsideIsNone) {
  const auto rotation = ParseLogRotation(R"({"else":{"maxsize":"x"},"more":[{"maxsize":"y"}]})");
  EXPECT_TRUE(rotation.ok()) << rotation.status().ToString();
}

TEST(LogRotationTest, ANameOfAFileIsATextThatDoesNotCount) {
  EXPECT_TRUE(ParseLogRotation(R"({"FileName":"x"})").ok());
  EXPECT_EQ(ParseLogRotation(R"({"FileName":5})").status().message(),
            "invalid log rotation config: json: cannot unmarshal number into Go struct field "
            "logRotationConfig.filename of type string");
}

TEST(LogRotationTest, EveryMemberMustBeOfItsType) {
  for (const char* json :
       {R"({"maxsize":"x","maxsize":1})", R"({"MAXSIZE":"x"})", R"({"maxsize":1.0})",
        R"({"maxage":[1]})", R"({"maxbackups":9223372036854775808})", R"({"compress":1})",
        R"({"localtime":"true"})", R"({"maxsize":-1})"}) {
    EXPECT_FALSE(ParseLogRotation(json).ok()) << json;
  }
  EXPECT_EQ(ParseLogRotation(R"({"MaxSize":true})").status().message(),
            "invalid log rotation config: json: cannot unmarshal bool into Go struct field "
            "logRotationConfig.maxsize of type int");
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
