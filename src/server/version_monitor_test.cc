#include "server/version_monitor.h"

#include <gtest/gtest.h>

namespace server {
namespace {

using members::ParseVersion;
using members::Version;
using Servers = std::vector<std::optional<Version>>;

TEST(NextClusterVersionTest, IsTheLowestOfTheMembers) {
  EXPECT_EQ(NextClusterVersion({}, Servers{ParseVersion("3.7.1")}), (Version{3, 7, 0}));
  EXPECT_EQ(NextClusterVersion(
                {}, Servers{ParseVersion("3.7.1"), ParseVersion("3.6.14"), ParseVersion("3.7.0")}),
            (Version{3, 6, 0}));
  EXPECT_EQ(
      NextClusterVersion(Version{3, 6, 0}, Servers{ParseVersion("3.7.1"), ParseVersion("3.8.0")}),
      (Version{3, 7, 0}));
}

TEST(NextClusterVersionTest, OnlyRises) {
  EXPECT_EQ(NextClusterVersion(Version{3, 7, 0}, Servers{ParseVersion("3.7.1")}), std::nullopt);
  EXPECT_EQ(NextClusterVersion(Version{3, 7, 0}, Servers{ParseVersion("3.6.0")}), std::nullopt);
}

TEST(NextClusterVersionTest, WaitsForAllAndIsTheLeastUntilThen) {
  const Servers one_is_silent = {ParseVersion("3.7.1"), std::nullopt};
  EXPECT_EQ(NextClusterVersion({}, one_is_silent), (Version{3, 0, 0}));
  EXPECT_EQ(NextClusterVersion(Version{3, 0, 0}, one_is_silent), std::nullopt);
  EXPECT_EQ(NextClusterVersion(Version{3, 6, 0}, one_is_silent), std::nullopt);
}

// To the version before, whether or not a member of it has come already.
TEST(NextClusterVersionTest, IsTheTargetOfADowngrade) {
  const members::Downgrade downgrade{true, "3.6.0"};
  const Servers servers = {ParseVersion("3.7.1"), ParseVersion("3.7.0")};
  EXPECT_EQ(NextClusterVersion(Version{3, 7, 0}, servers, downgrade), (Version{3, 6, 0}));
  EXPECT_EQ(NextClusterVersion(Version{3, 6, 0}, servers, downgrade), std::nullopt);
  const Servers one_is_silent = {ParseVersion("3.7.1"), std::nullopt};
  EXPECT_EQ(NextClusterVersion(Version{3, 7, 0}, one_is_silent, downgrade), std::nullopt);
}

TEST(NextClusterVersionTest, DoesNotRiseUntilTheDowngradeEnds) {
  const Servers servers = {ParseVersion("3.7.1")};
  EXPECT_EQ(NextClusterVersion(Version{3, 6, 0}, servers, {true, "3.6.0"}), std::nullopt);
  EXPECT_EQ(NextClusterVersion(Version{3, 6, 0}, servers, {false, ""}), (Version{3, 7, 0}));
}

TEST(NextClusterVersionTest, StaysIfTheTargetIsNotOneBelow) {
  const Servers servers = {ParseVersion("3.7.1")};
  for (const char* target : {"3.5.0", "3.7.0", "3.8.0", "2.6.0", "", "x"}) {
    EXPECT_EQ(NextClusterVersion(Version{3, 7, 0}, servers, {true, target}), std::nullopt);
  }
  EXPECT_EQ(NextClusterVersion(Version{3, 7, 0}, Servers{ParseVersion("3.8.0")}, {true, "3.6.0"}),
            std::nullopt);
  EXPECT_EQ(NextClusterVersion(Version{3, 0, 0}, Servers{ParseVersion("3.0.1")}, {true, "3.0.0"}),
            std::nullopt);
}

TEST(IsDowngradedTest, WhenAllMembersRunTheTarget) {
  const members::Downgrade downgrade{true, "3.6.0"};
  EXPECT_TRUE(IsDowngraded(downgrade, {ParseVersion("3.6.14"), ParseVersion("3.6.0")}));
  EXPECT_FALSE(IsDowngraded(downgrade, {ParseVersion("3.6.14"), ParseVersion("3.7.1")}));
  EXPECT_FALSE(IsDowngraded(downgrade, {ParseVersion("3.6.14"), std::nullopt}));
  EXPECT_FALSE(IsDowngraded({false, ""}, {ParseVersion("3.6.14")}));
}

}  // namespace
}  // namespace server
