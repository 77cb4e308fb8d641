#include "server/extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

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
