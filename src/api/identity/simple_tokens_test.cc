#include "api/identity/simple_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "base/errors.h"
#include "observe/testing/memory_sink.h"
#include "runtime/simulated/scheduler.h"

namespace identity {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kRevision = 5;

class SimpleTokensTest : public ::testing::Test {
 protected:
  SimpleTokens New(SimpleTokens::Options options) {
    return SimpleTokens(std::move(options), &scheduler_.clock(), &logger_);
  }
  // Empty if it is nobody's.
  static std::string UserOf(SimpleTokens& tokens, std::string_view token) {
    const base::Result<auth::Identity> who = tokens.Identify(token, kRevision);
    if (who.ok()) {
      EXPECT_EQ(who->revision, kRevision);
      return who->user;
    }
    EXPECT_EQ(who.status(), base::errors::kInvalidAuthToken);
    return "";
  }

  runtime::simulated::Scheduler scheduler_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
};

TEST_F(SimpleTokensTest, PrefixesAreSixteenLettersAndDiffer) {
  SimpleTokens tokens = New({});
  std::set<std::string> prefixes;
  std::set<char> letters;
  for (int i = 0; i < 1000; ++i) {
    const std::string prefix = tokens.NewPrefix();
    EXPECT_EQ(prefix.size(), 16U);
    letters.insert(prefix.begin(), prefix.end());
    prefixes.insert(prefix);
  }
  EXPECT_EQ(prefixes.size(), 1000U);
  EXPECT_EQ(std::string(letters.begin(), letters.end()),
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

TEST_F(SimpleTokensTest, BytesThatWouldFavourALetterAreThrownAway) {
  uint8_t next = 200;
  SimpleTokens tokens = New({.chance = [&](std::span<uint8_t> out) {
    for (uint8_t& byte : out) byte = next++;
  }});
  // 200 to 207 are the last letters; 208 to 255 count for none, and then it begins anew.
  EXPECT_EQ(tokens.NewPrefix(), "STUVWXYZabcdefgh");
}

TEST_F(SimpleTokensTest, TheNeededEntryIsTheOneAfterThatBehindTheDot) {
  const SimpleTokens tokens = New({});
  const std::pair<const char*, uint64_t> kCases[] = {{"abcdefghijklmnop.12", 13},
                                                     {".12", 13},
                                                     {"a.007", 8},
                                                     {"a.18446744073709551614", ~uint64_t{0}},
                                                     {"a.18446744073709551615", ~uint64_t{0}},
                                                     {"a.18446744073709551616", 0},
                                                     {"a.", 0},
                                                     {"a", 0},
                                                     {"", 0},
                                                     {"a.b.12", 0},
                                                     {"a.1.2", 0},
                                                     {"a.+1", 0},
                                                     {"a.-1", 0},
                                                     {"a. 1", 0},
                                                     {"a.1 ", 0},
                                                     {"a.0x1", 0},
                                                     {"a.1_0", 0}};
  for (const auto& [token, index] : kCases) {
    EXPECT_EQ(tokens.NeededEntry(token), base::Index(index)) << token;
  }
}

TEST_F(SimpleTokensTest, ATokenIsItsUsers) {
  SimpleTokens tokens = New({});
  tokens.OnToken("alice", "aaa.1");
  tokens.OnToken("bob", "bbb.2");
  EXPECT_EQ(UserOf(tokens, "aaa.1"), "alice");
  EXPECT_EQ(UserOf(tokens, "bbb.2"), "bob");
  for (const char* token : {"", "aaa", "aaa.2", "aaa.1 ", "AAA.1", "aaa.1\n", "aaa.01"}) {
    EXPECT_EQ(UserOf(tokens, token), "") << token;
  }
}

TEST_F(SimpleTokensTest, ATokenEndsWhenItWasNotUsedForItsTime) {
  SimpleTokens tokens = New({.ttl = seconds(10)});
  tokens.OnToken("alice", "aaa.1");
  for (int i = 0; i < 5; ++i) {
    scheduler_.RunFor(seconds(9));
    EXPECT_EQ(UserOf(tokens, "aaa.1"), "alice");
  }
  scheduler_.RunFor(seconds(10));
  EXPECT_EQ(UserOf(tokens, "aaa.1"), "");
}

TEST_F(SimpleTokensTest, AUserWhoIsChangedLosesHisTokensAndNobodyElseDoes) {
  SimpleTokens tokens = New({});
  tokens.OnToken("alice", "aaa.1");
  tokens.OnToken("alice", "aab.2");
  tokens.OnToken("bob", "bbb.3");
  tokens.OnUserChanged("alice");
  tokens.OnUserChanged("carol");
  EXPECT_EQ(UserOf(tokens, "aaa.1"), "");
  EXPECT_EQ(UserOf(tokens, "aab.2"), "");
  EXPECT_EQ(UserOf(tokens, "bbb.3"), "bob");
  tokens.OnToken("alice", "aac.4");
  EXPECT_EQ(UserOf(tokens, "aac.4"), "alice");
  EXPECT_EQ(UserOf(tokens, "aaa.1"), "");
}

TEST_F(SimpleTokensTest, AllTokensEndTogether) {
  SimpleTokens tokens = New({});
  tokens.OnToken("alice", "aaa.1");
  tokens.OnToken("bob", "bbb.3");
  tokens.OnAllChanged();
  EXPECT_EQ(UserOf(tokens, "aaa.1"), "");
  EXPECT_EQ(UserOf(tokens, "bbb.3"), "");
  tokens.OnToken("alice", "aac.4");
  EXPECT_EQ(UserOf(tokens, "aac.4"), "alice");
}

TEST_F(SimpleTokensTest, ManyUsersComeAndGo) {
  SimpleTokens tokens = New({.ttl = seconds(1)});
  for (int i = 0; i < 1000; ++i) {
    const std::string user = "user " + std::to_string(i);
    const std::string token = "a." + std::to_string(i);
    tokens.OnToken(user, token);
    EXPECT_EQ(UserOf(tokens, token), user);
    scheduler_.RunFor(seconds(1));
    EXPECT_EQ(UserOf(tokens, token), "");
  }
}

TEST_F(SimpleTokensTest, WhenTheTableIsFullTheTokensNearestToTheirEndGo) {
  SimpleTokens tokens = New({.bytes_max = 64 << 10});
  tokens.OnToken("alice", "used.1");
  tokens.OnToken("alice", "left.1");
  for (int i = 0; i < 5000; ++i) {
    tokens.OnToken("bob", "b." + std::to_string(i));
    ASSERT_EQ(UserOf(tokens, "used.1"), "alice") << i;
  }
  EXPECT_EQ(UserOf(tokens, "left.1"), "");
  EXPECT_EQ(UserOf(tokens, "b.0"), "");
  EXPECT_EQ(UserOf(tokens, "b.4999"), "bob");
}

TEST_F(SimpleTokensTest, ATokenThatIsNobodysIsLoggedByItsFingerprint) {
  SimpleTokens tokens = New({});
  EXPECT_EQ(UserOf(tokens, "abcdefghijklmnop.1"), "");
  // printf abcdefghijklmnop.1 | sha256sum
  EXPECT_THAT(sink_.lines(),
              ElementsAre(AllOf(HasSubstr("\"level\":\"warn\""),
                                HasSubstr("\"msg\":\"invalid auth token\",\"token-fingerprint\":"
                                          "\"e8ca922533ed\""),
                                Not(HasSubstr("abcdefghijklmnop")))));
}

TEST_F(SimpleTokensTest, LoopsLookWhileEntriesAreApplied) {
  SimpleTokens tokens = New({.bytes_max = 1 << 20});
  std::atomic<bool> stop = false;
  tokens.OnToken("alice", "alice.1");
  std::vector<std::thread> loops;
  for (int i = 0; i < 3; ++i) {
    loops.emplace_back([&] {
      int looked = 0;
      while (!stop || looked < 1000) {
        EXPECT_EQ(UserOf(tokens, "alice.1"), "alice");
        const base::Result<auth::Identity> bob = tokens.Identify("bob.1", kRevision);
        EXPECT_EQ(bob.ok() ? bob->user : "bob", "bob");
        ++looked;
      }
    });
  }
  for (int i = 0; i < 1000; ++i) {
    tokens.OnToken("bob", "bob.1");
    tokens.OnToken("bob", "bob." + std::to_string(i));
    tokens.OnUserChanged("bob");
  }
  stop = true;
  for (std::thread& loop : loops) loop.join();
}

}  // namespace
}  // namespace identity
