#include "server/extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "server/testing/agreeable_peers.h"
#include "server/testing/simulated_member.h"

// With an extension that is made up: there is none yet.

namespace server {
namespace {

using ::testing::HasSubstr;

class ExtensionsTest : public ::testing::Test {
 protected:
  void Start(members::Extensions understood) {
    member_.options.extensions = std::move(understood);
    ASSERT_TRUE(member_.Start().ok());
    ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  }
  base::Status Enable(const std::string& name) {
    std::optional<base::Status> enabled;
    member_.server().extensions().Enable(
        name, [&enabled](const base::Status& status) { enabled = status; });
    EXPECT_TRUE(member_.RunUntil([&] { return enabled.has_value(); }));
    return *enabled;
  }
  members::Extensions InUse() { return member_.server().state()->members().extensions(); }

  SimulatedMember member_{1};
};

TEST_F(ExtensionsTest, NobodyUsesOneByItself) {
  Start({"made-up"});
  EXPECT_EQ(InUse(), members::Extensions());
  EXPECT_TRUE(Options().extensions.empty());
}

TEST_F(ExtensionsTest, OneThatIsNotUnderstoodIsNotTakenIntoUse) {
  Start({"made-up"});
  EXPECT_THAT(std::string(Enable("another").message()),
              HasSubstr("not all members understand another: "));
  EXPECT_EQ(InUse(), members::Extensions());
}

TEST_F(ExtensionsTest, AMemberThatDoesNotUnderstandItDoesNotStart) {
  Start({"made-up", "second"});
  ASSERT_TRUE(Enable("made-up").ok());
  ASSERT_TRUE(Enable("second").ok());
  EXPECT_EQ(InUse(), (members::Extensions{"made-up", "second"}));
  member_.RunFor(std::chrono::seconds(1));  // it is in the database
  member_.Kill();
  member_.options.extensions = {"second"};
  const base::Status refused = member_.Start();
  EXPECT_EQ(refused.code(), base::Code::kUnimplemented);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("extensions made-up"));
  Start({"made-up", "second", "third"});
  EXPECT_EQ(InUse(), (members::Extensions{"made-up", "second"}));
}

TEST_F(ExtensionsTest, WhoAsksWhileAnotherWaitsGetsTheSameAnswer) {
  AgreeablePeers peers;
  member_.options.initial_cluster = {
      {"default", {"http://a:2380"}}, {"b", {"http://b:2380"}}, {"c", {"http://c:2380"}}};
  member_.options.extensions = {"made-up"};
  member_.transport = &peers;
  ASSERT_TRUE(member_.Start().ok());
  peers.server = &member_.server();
  peers.silent = false;
  ASSERT_TRUE(member_.RunUntil([this] { return member_.ready(); }));
  for (const members::Member& member : peers.told.back().members) {
    peers.versions[member.id].extensions = {"made-up"};
  }
  member_.RunFor(std::chrono::seconds(1));
  const int asked = peers.versions_asked;
  int enabled = 0;
  for (int i = 0; i < 100; ++i) {
    member_.server().extensions().Enable(
        "made-up", [&enabled](const base::Status& status) { enabled += status.ok() ? 1 : 0; });
  }
  ASSERT_TRUE(member_.RunUntil([&] { return enabled == 100; }));
  EXPECT_EQ(peers.versions_asked, asked + 1);
}

// As long as it is in the log alone.
TEST_F(ExtensionsTest, NorDoesItGoOnBehindTheEntry) {
  Start({"made-up"});
  ASSERT_TRUE(Enable("made-up").ok());
  member_.Kill();
  member_.options.extensions = {};
  if (member_.Start().ok()) member_.RunFor(std::chrono::seconds(1));
  EXPECT_THAT(std::string(member_.failure().message()),
              HasSubstr("extension made-up is not supported by this version"));
}

}  // namespace
}  // namespace server
