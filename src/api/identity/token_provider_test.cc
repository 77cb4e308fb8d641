#include "api/identity/token_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/identity/testing/test_data.h"
#include "api/identity/token_options.h"
#include "base/errors.h"
#include "observe/testing/memory_sink.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"

namespace identity {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TestData;

class TokenProviderTest : public ::testing::Test {
 protected:
  TokenProviderTest() {
    EXPECT_TRUE(disk_.CreateDirectories("/keys").ok());
    for (const char* name : {"rsa.pem", "rsa.other.pub.pem", "ec256.pem"}) {
      const auto file =
          disk_.Open("/keys/" + std::string(name), runtime::OpenMode::kCreateOrTruncate);
      EXPECT_TRUE(file.ok());
      EXPECT_TRUE((*file)->WriteAt(0, TestData(name)).ok());
    }
  }
  base::Result<std::unique_ptr<TokenProvider>> New(const std::string& auth_token,
                                                   seconds ttl = seconds(300)) {
    return NewTokenProvider({auth_token, ttl}, {&scheduler_.clock(), &disk_, &logger_});
  }
  std::string Refusal(const std::string& auth_token) {
    const auto provider = New(auth_token);
    return provider.ok() ? "" : std::string(provider.status().message());
  }

  runtime::simulated::Scheduler scheduler_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  runtime::simulated::Disk disk_{1};
};

TEST_F(TokenProviderTest, SimpleTokensAreMadeWithAWarning) {
  for (const char* option : {"simple", "simple,a=b,sign-method=x"}) {
    const auto provider = New(option);
    ASSERT_TRUE(provider.ok()) << option;
    EXPECT_EQ((*provider)->NewPrefix().size(), 16U);
    EXPECT_NE((*provider)->observer(), nullptr);
  }
  EXPECT_THAT(sink_.lines(),
              ElementsAre(HasSubstr("simple token is not cryptographically signed"),
                          HasSubstr("simple token is not cryptographically signed")));
}

TEST_F(TokenProviderTest, TheTtlIsThatOfSimpleTokens) {
  const auto lives_for = [&](seconds ttl, seconds time) {
    const auto provider = New("simple", ttl).value();
    provider->observer()->OnToken("alice", "a.1");
    scheduler_.RunFor(time);
    return provider->Identify("a.1", 1).ok();
  };
  EXPECT_TRUE(lives_for(seconds(20), seconds(19)));
  EXPECT_FALSE(lives_for(seconds(20), seconds(20)));
  EXPECT_TRUE(lives_for(seconds(0), seconds(299)));
  EXPECT_FALSE(lives_for(seconds(0), seconds(300)));
  EXPECT_TRUE(lives_for(seconds::max(), seconds(1'000'000)));
}

TEST_F(TokenProviderTest, JwtTokensAreMadeWithTheirOptions) {
  const auto provider =
      New("jwt,ttl=20s,sign-method=RS512,foo=bar,priv-key=/keys/rsa.pem,bar=").value();
  EXPECT_EQ(provider->observer(), nullptr);
  const std::string token = provider->Sign("alice", 5).value();
  scheduler_.RunFor(seconds(19));
  EXPECT_TRUE(provider->Identify(token, 0).ok());
  EXPECT_THAT(sink_.lines(), ElementsAre(AllOf(HasSubstr("\"level\":\"warn\""),
                                               HasSubstr("\"msg\":\"unknown JWT options\","
                                                         "\"keys\":[\"bar\",\"foo\"]"))));
  scheduler_.RunFor(seconds(1));
  EXPECT_FALSE(provider->Identify(token, 0).ok());
}

TEST_F(TokenProviderTest, WithoutAKindTokensAreEmptyAndNobodys) {
  const auto provider = New("").value();
  EXPECT_EQ(provider->NewPrefix(), "");
  EXPECT_EQ(provider->Sign("alice", 5).status(), base::errors::kAuthFailed);
  EXPECT_EQ(provider->Identify("", 5).status(), base::errors::kInvalidAuthToken);
}

// Text and lines are those of etcd 3.7.1, which ran with each option.
TEST_F(TokenProviderTest, WhatCannotBeIsRefusedAsByEtcd) {
  const std::string kInvalid = "auth: invalid auth options";
  struct Case {
    std::string option;
    std::string refusal;
    std::string line;
  };
  const Case kCases[] = {
      {"x", kInvalid,
       R"("msg":"unknown token type","type":"x","error":"auth: invalid auth options")"},
      {"Simple", kInvalid, R"("msg":"unknown token type","type":"Simple")"},
      {"jwt,a=b=c", kInvalid, R"("msg":"invalid token option","option":"jwt,a=b=c")"},
      {"simple,a", kInvalid, R"("msg":"invalid token option","option":"simple,a")"},
      {"jwt,", kInvalid, R"("msg":"invalid token option","option":"jwt,")"},
      {"jwt,a=b,a=c", kInvalid,
       R"("msg":"invalid token option","option":"jwt,a=b,a=c","duplicate-parameter":"a")"},
      {"jwt", kInvalid,
       R"("msg":"problem loading JWT options","error":"auth: invalid auth signature method")"},
      {"jwt,sign-method=RS257", kInvalid, R"("error":"auth: invalid auth signature method")"},
      {"jwt,sign-method=RS256,pub-key=/keys/no", kInvalid,
       R"("msg":"problem loading JWT options","error":"open /keys/no)"},
      {"jwt,sign-method=RS256,ttl=x,priv-key=/keys/rsa.pem", kInvalid,
       R"("msg":"problem loading JWT options","error":"time: invalid duration \"x\"")"},
  };
  for (const auto& [option, refusal, line] : kCases) {
    const size_t before = sink_.lines().size();
    EXPECT_EQ(Refusal(option), refusal) << option;
    const std::vector<std::string> lines = sink_.lines();
    ASSERT_EQ(lines.size(), before + 2) << option;
    EXPECT_THAT(lines[before], HasSubstr(line));
    EXPECT_THAT(lines[before + 1],
                HasSubstr(R"("msg":"failed to create token provider","error":")" + refusal));
  }
}

TEST_F(TokenProviderTest, KeysThatCannotBeUsedAreRefusedAsByEtcd) {
  EXPECT_EQ(Refusal("jwt,sign-method=RS256"), "auth: missing key data");
  EXPECT_EQ(Refusal("jwt,sign-method=none"), "unsupported signing method: *jwt.signingMethodNone");
  EXPECT_EQ(Refusal("jwt,sign-method=RS256,pub-key=/keys/rsa.other.pub.pem,priv-key=/keys/rsa.pem"),
            "auth: public and private keys don't match");
  EXPECT_EQ(Refusal("jwt,sign-method=EdDSA,priv-key=/keys/rsa.pem"),
            "key is not a valid Ed25519 private key");
  EXPECT_EQ(Refusal("jwt,sign-method=ES256,priv-key=/keys/ec256.pem"), "");
}

TEST(TokenOptionsTest, NamesAndValuesMayBeEmpty) {
  observe::testing::MemorySink sink;
  const runtime::simulated::Scheduler scheduler(1);
  const observe::Logger logger(&scheduler.clock(), &sink, {});
  const TokenOptions options = ParseTokenOptions("kind,a=1,b=,=c", logger).value();
  EXPECT_EQ(options.kind, "kind");
  EXPECT_EQ(options.values, (std::map<std::string, std::string>{{"a", "1"}, {"b", ""}, {"", "c"}}));
}

}  // namespace
}  // namespace identity
