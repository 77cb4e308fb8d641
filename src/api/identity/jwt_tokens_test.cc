#include "api/identity/jwt_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/identity/testing/test_data.h"
#include "base/errors.h"
#include "observe/testing/memory_sink.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"

namespace identity {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TestData;

constexpr uint64_t kRevision = 5;

class JwtTokensTest : public ::testing::Test {
 protected:
  JwtTokensTest() {
    EXPECT_TRUE(disk_.CreateDirectories("/keys").ok());
    Write("private", TestData("rsa.pem"));
    Write("public", TestData("rsa.pub.pem"));
  }
  void Write(const std::string& name, const std::string& text) {
    const auto file = disk_.Open("/keys/" + name, runtime::OpenMode::kCreateOrTruncate);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->WriteAt(0, text).ok());
  }
  base::Result<std::unique_ptr<JwtTokens>> Open(const JwtOptions& options) {
    return JwtTokens::Open(options, environment_);
  }
  std::unique_ptr<JwtTokens> OpenPair() { return Open(pair_).value(); }

  runtime::simulated::Scheduler scheduler_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  runtime::simulated::Disk disk_{1};
  const TokenEnvironment environment_{&scheduler_.clock(), &disk_, &logger_};
  const JwtOptions pair_{
      .public_key_file = "/keys/public", .private_key_file = "/keys/private", .ttl = seconds(10)};
};

TEST_F(JwtTokensTest, ATokenIsItsUsersAtTheRevisionThatItSays) {
  const auto tokens = OpenPair();
  EXPECT_EQ(tokens->NewPrefix(), "");
  const std::string token = tokens->Sign("alice", kRevision).value();
  EXPECT_EQ(tokens->NeededEntry(token), base::Index());
  for (int i = 0; i < 3; ++i) {
    const base::Result<auth::Identity> who = tokens->Identify(token, /*revision=*/99);
    ASSERT_TRUE(who.ok());
    EXPECT_EQ(who->user, "alice");
    EXPECT_EQ(who->revision, kRevision);
  }
  EXPECT_THAT(sink_.lines(), IsEmpty());
}

TEST_F(JwtTokensTest, ATokenCountsAtEveryMemberWithTheKey) {
  const std::string token = OpenPair()->Sign("alice", kRevision).value();
  const auto other = Open({.public_key_file = "/keys/public"}).value();
  EXPECT_EQ(other->Identify(token, 0)->user, "alice");
  EXPECT_EQ(
      other->Sign("alice", kRevision).status(),
      base::Status(base::Code::kUnknown, "auth: token signing attempted with verify-only key"));
}

TEST_F(JwtTokensTest, ATokenExpiresAlsoWhenItIsRemembered) {
  const auto tokens = OpenPair();
  const std::string remembered = tokens->Sign("alice", kRevision).value();
  const std::string other = tokens->Sign("bob", kRevision).value();
  scheduler_.RunFor(seconds(9));
  EXPECT_TRUE(tokens->Identify(remembered, 0).ok());
  scheduler_.RunFor(seconds(1));
  for (const std::string& token : {remembered, other, remembered}) {
    EXPECT_EQ(tokens->Identify(token, 0).status(), base::errors::kInvalidAuthToken);
  }
}

TEST_F(JwtTokensTest, ATokenOfLessThanNothingNeverCounts) {
  const auto tokens = Open({.private_key_file = "/keys/private", .ttl = seconds(-1)}).value();
  scheduler_.RunFor(seconds(100));
  EXPECT_FALSE(tokens->Identify(tokens->Sign("alice", kRevision).value(), 0).ok());
}

TEST_F(JwtTokensTest, TheLongestTtlCanBeCounted) {
  const auto tokens =
      Open({.private_key_file = "/keys/private", .ttl = runtime::Duration::max()}).value();
  scheduler_.RunFor(seconds(100));
  EXPECT_TRUE(tokens->Identify(tokens->Sign("alice", kRevision).value(), 0).ok());
}

TEST_F(JwtTokensTest, WhatIsWrongWithATokenIsLoggedWithoutIt) {
  const auto tokens = OpenPair();
  std::string token = tokens->Sign("alice", kRevision).value();
  token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(tokens->Identify(token, 0).ok());
  EXPECT_THAT(sink_.lines(),
              ElementsAre(AllOf(HasSubstr("\"msg\":\"failed to parse a JWT token\",\"error\":"),
                                Not(HasSubstr(token.substr(0, 10)))),
                          AllOf(HasSubstr("\"msg\":\"invalid auth token\",\"token-fingerprint\":"),
                                Not(HasSubstr(token.substr(0, 10))))));
}

TEST_F(JwtTokensTest, KeysThatHaveChangedAreTakenUp) {
  const auto tokens = OpenPair();
  const std::string before = tokens->Sign("alice", kRevision).value();
  EXPECT_TRUE(tokens->Identify(before, 0).ok());  // and remembered
  Write("private", TestData("rsa.other.pem"));
  Write("public", TestData("rsa.other.pub.pem"));
  tokens->Refresh();
  EXPECT_FALSE(tokens->Identify(before, 0).ok());
  const std::string after = tokens->Sign("alice", kRevision).value();
  EXPECT_TRUE(tokens->Identify(after, 0).ok());
  EXPECT_TRUE(
      VerifyJwt(JwtKey::Parse(JwtMethod::kRs256,
                              {.public_key = TestData("rsa.other.pub.pem"), .private_key = ""})
                    .value(),
                after)
          .ok());
}

TEST_F(JwtTokensTest, KeysThatCannotBeUsedAreNotTakenUp) {
  const auto tokens = OpenPair();
  const std::string token = tokens->Sign("alice", kRevision).value();
  const auto is_kept_after = [&](const std::string& private_key) {
    Write("private", private_key);
    tokens->Refresh();
    return tokens->Identify(token, 0).ok() && tokens->Sign("bob", kRevision).ok();
  };
  const std::string whole = TestData("rsa.pem");
  EXPECT_TRUE(is_kept_after(TestData("rsa.other.pem")));  // the public one is not there yet
  EXPECT_TRUE(is_kept_after(""));
  EXPECT_TRUE(is_kept_after(whole.substr(0, whole.size() / 2)));
  EXPECT_TRUE(is_kept_after(TestData("ec256.pem")));
  ASSERT_TRUE(disk_.Remove("/keys/private").ok());
  tokens->Refresh();
  EXPECT_TRUE(tokens->Sign("bob", kRevision).ok());
  EXPECT_TRUE(is_kept_after(whole));
  // Each was another problem, which may have been that of a file that was being written.
  EXPECT_THAT(sink_.lines(), IsEmpty());
}

TEST_F(JwtTokensTest, AProblemThatLastsIsLoggedOnce) {
  const auto tokens = OpenPair();
  ASSERT_TRUE(disk_.Remove("/keys/private").ok());
  for (int i = 0; i < 5; ++i) tokens->Refresh();
  EXPECT_THAT(sink_.lines(),
              ElementsAre(AllOf(HasSubstr("\"level\":\"warn\""), HasSubstr("/keys/private"),
                                HasSubstr("the old keys stay in use"))));
}

TEST_F(JwtTokensTest, AFileThatCannotBeReadIsNamed) {
  for (const JwtOptions& options : {JwtOptions{.public_key_file = "/keys/nowhere"},
                                    JwtOptions{.private_key_file = "/keys/nowhere"}}) {
    const auto tokens = Open(options);
    ASSERT_FALSE(tokens.ok());
    EXPECT_EQ(tokens.status().code(), base::Code::kInvalidArgument);
    EXPECT_THAT(std::string(tokens.status().message()), HasSubstr("/keys/nowhere"));
  }
  Write("empty", "");
  EXPECT_EQ(Open({.private_key_file = "/keys/empty"}).status().message(), "/keys/empty: is empty");
}

}  // namespace
}  // namespace identity
