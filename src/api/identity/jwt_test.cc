#include "api/identity/jwt.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <vector>

#include "api/identity/testing/test_data.h"
#include "base/base64.h"
#include "base/go_text.h"

namespace identity {
namespace {

using testing::TestData;

constexpr runtime::WallTime kNow{1'800'000'000'500'000'000};

// As the table of vectors writes it.
std::string Judged(const JwtKey& key, const std::string& token) {
  const base::Result<JwtClaims> claims = VerifyJwt(key, token);
  if (!claims.ok() || !CheckTimes(*claims, kNow).ok()) return "refused";
  return base::Quote(claims->user) + "@" + std::to_string(claims->revision);
}

std::string WithoutEscapes(std::string_view text) {
  const std::map<char, char> kEscapes = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'0', '\0'}};
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    plain += text[i] == '\\' ? kEscapes.at(text[++i]) : text[i];
  }
  return plain;
}

JwtKey KeyOf(const std::string& method, const std::string& file) {
  return JwtKey::Parse(*ParseJwtMethod(method), {.public_key = "", .private_key = TestData(file)})
      .value();
}

// The table was made by a program that asks golang-jwt as etcd does.
TEST(JwtTest, TokensAreJudgedAsByEtcd) {
  std::map<std::string, JwtKey> keys;
  int judged = 0;
  for (const std::string& line : base::Split(TestData("jwt_vectors.txt"), '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string> fields = base::Split(line, '\t');
    ASSERT_EQ(fields.size(), 5U) << line;
    const std::string& method = fields[1];
    if (!keys.contains(method)) keys.emplace(method, KeyOf(method, fields[2]));
    EXPECT_EQ(Judged(keys.at(method), WithoutEscapes(fields[4])), fields[3])
        << method << ": " << fields[0];
    ++judged;
  }
  EXPECT_GT(judged, 400);
}

TEST(JwtTest, WhatIsSignedSaysWhatItWasMadeOf) {
  const std::pair<const char*, const char*> kKeys[] = {
      {"RS256", "rsa.pem"},     {"RS384", "rsa.pem"},         {"RS512", "rsa.pkcs8.pem"},
      {"PS256", "rsa.pem"},     {"PS384", "rsa.pem"},         {"PS512", "rsa.pem"},
      {"ES256", "ec256.pem"},   {"ES256", "ec256.pkcs8.pem"}, {"ES384", "ec384.pem"},
      {"ES512", "ec521.pem"},   {"EdDSA", "ed.pem"},          {"HS256", "hmac.secret"},
      {"HS384", "hmac.secret"}, {"HS512", "hmac.secret"}};
  for (const auto& [method, file] : kKeys) {
    const JwtKey key = KeyOf(method, file);
    const std::string token =
        SignJwt(key, {.user = "alice \"\xc3\xa9\" <&>", .revision = 7, .expires = 1'800'000'001})
            .value();
    EXPECT_EQ(Judged(key, token), base::Quote("alice \"\xc3\xa9\" <&>") + "@7") << method;
    EXPECT_EQ(VerifyJwt(key, token)->expires, 1'800'000'001) << method;
  }
}

TEST(JwtTest, ATokenHasTheFormOfEtcds) {
  const std::string token = SignJwt(KeyOf("HS256", "hmac.secret"),
                                    {.user = "alice", .revision = 7, .expires = 1'800'000'001})
                                .value();
  const std::vector<std::string> parts = base::Split(token, '.');
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(base::Base64Decode(parts[0], base::Base64::kUrl), R"({"alg":"HS256","typ":"JWT"})");
  EXPECT_EQ(base::Base64Decode(parts[1], base::Base64::kUrl),
            R"({"exp":1800000001,"revision":7,"username":"alice"})");
}

TEST(JwtTest, ALongTokenIsRefusedUnread) {
  const JwtKey key = KeyOf("HS256", "hmac.secret");
  const std::string longest = SignJwt(key, {.user = std::string(6000, 'u'), .revision = 7}).value();
  ASSERT_LE(longest.size(), kJwtBytesMax);
  EXPECT_TRUE(VerifyJwt(key, longest).ok());
  const std::string longer = SignJwt(key, {.user = std::string(6200, 'u'), .revision = 7}).value();
  ASSERT_GT(longer.size(), kJwtBytesMax);
  EXPECT_EQ(VerifyJwt(key, longer).status().message(), "token is malformed: it is too long");
}

TEST(JwtTest, ClaimsCountFromTheirBeginningToTheirEnd) {
  const auto counts_at = [](int64_t seconds, int64_t nanos) {
    const JwtClaims claims = {.user = "a", .revision = 1, .expires = 20, .not_before = 10};
    return CheckTimes(claims, {seconds * 1'000'000'000 + nanos}).ok();
  };
  EXPECT_FALSE(counts_at(9, 999'999'999));
  EXPECT_TRUE(counts_at(10, 0));
  EXPECT_TRUE(counts_at(19, 999'999'999));
  EXPECT_FALSE(counts_at(20, 0));
}

TEST(JwtTest, RefusalsHaveNothingOfTheToken) {
  const JwtKey key = KeyOf("HS256", "hmac.secret");
  for (const std::string& line : base::Split(TestData("jwt_vectors.txt"), '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::string token = base::Split(line, '\t')[4];
    const base::Result<JwtClaims> claims = VerifyJwt(key, token);
    if (claims.ok() || token.size() < 20) continue;
    EXPECT_EQ(claims.status().message().find(token.substr(0, 8)), std::string_view::npos) << line;
  }
}

}  // namespace
}  // namespace identity
