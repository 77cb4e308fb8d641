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

}  // namespace
}  // namespace server
