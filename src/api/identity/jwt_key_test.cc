#include "api/identity/jwt_key.h"

#include <gtest/gtest.h>

#include "api/identity/testing/test_data.h"

namespace identity {
namespace {

using testing::TestData;

base::Result<JwtKey> Parsed(const std::string& method, const std::string& public_file,
                            const std::string& private_file) {
  const auto read = [](const std::string& name) {
    return name.empty() ? std::string() : TestData(name);
  };
  return JwtKey::Parse(*ParseJwtMethod(method),
                       {.public_key = read(public_file), .private_key = read(private_file)});
}

std::string Refusal(const std::string& method, const std::string& public_file,
                    const std::string& private_file) {
  const base::Result<JwtKey> key = Parsed(method, public_file, private_file);
  if (key.ok()) return "";
  EXPECT_EQ(key.status().code(), base::Code::kUnknown);
  return std::string(key.status().message());
}

TEST(JwtKeyTest, MethodsHaveTheirNames) {
  for (const char* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
                           "ES512", "EdDSA", "HS256", "HS384", "HS512"}) {
    ASSERT_TRUE(ParseJwtMethod(name)) << name;
    EXPECT_EQ(JwtMethodName(*ParseJwtMethod(name)), name);
  }
  for (const char* name : {"", "none", "rs256", "RS256 ", "ES256K", "EDDSA"}) {
    EXPECT_FALSE(ParseJwtMethod(name)) << name;
  }
}

TEST(JwtKeyTest, APublicKeyVerifiesWhatItsPrivateKeySigns) {
  const char* const kPairs[][3] = {{"RS256", "rsa.pub.pem", "rsa.pem"},
                                   {"PS256", "rsa.pub.pkcs1.pem", "rsa.pkcs8.pem"},
                                   {"RS512", "rsa.certificate.pem", "rsa.pem"},
                                   {"ES256", "ec256.pub.pem", "ec256.pkcs8.pem"},
                                   {"ES384", "ec384.pub.pem", "ec384.pem"},
                                   {"ES512", "ec521.pub.pem", "ec521.pem"},
                                   {"EdDSA", "ed.pub.pem", "ed.pem"}};
  for (const auto& [method, public_file, private_file] : kPairs) {
    const JwtKey both = Parsed(method, public_file, private_file).value();
    const JwtKey half = Parsed(method, public_file, "").value();
    const base::Bytes signature = both.Sign("text").value();
    EXPECT_TRUE(half.Verify("text", signature)) << method;
    EXPECT_FALSE(half.Verify("texu", signature)) << method;
    EXPECT_EQ(
        half.Sign("text").status(),
        base::Status(base::Code::kUnknown, "auth: token signing attempted with verify-only key"));
  }
}

TEST(JwtKeyTest, AKeyThatIsMissingIsToldInEtcdsWords) {
  for (const char* method : {"RS256", "PS384", "ES512", "EdDSA", "HS256"}) {
    EXPECT_EQ(Refusal(method, "", ""), "auth: missing key data") << method;
  }
  // Of a secret there is no public half.
  EXPECT_EQ(Refusal("HS256", "rsa.pub.pem", ""), "auth: missing key data");
}

TEST(JwtKeyTest, KeysThatAreNoPairAreRefused) {
  const std::string kText = "auth: public and private keys don't match";
  EXPECT_EQ(Refusal("RS256", "rsa.other.pub.pem", "rsa.pem"), kText);
  EXPECT_EQ(Refusal("PS256", "rsa.pub.pem", "rsa.other.pem"), kText);
}

TEST(JwtKeyTest, AKeyOfAnotherMethodIsRefused) {
  const char* const kCases[][4] = {
      {"RS256", "", "ec256.pem", "key is not a valid RSA private key"},
      {"RS256", "", "ed.pem", "key is not a valid RSA private key"},
      {"RS256", "", "rsa.pss.pem", "key is not a valid RSA private key"},
      {"RS256", "ec256.pub.pem", "", "key is not a valid RSA public key"},
      {"PS256", "ed.pub.pem", "rsa.pem", "key is not a valid RSA public key"},
      {"ES256", "", "rsa.pem", "key is not a valid ECDSA private key"},
      {"ES256", "rsa.certificate.pem", "", "key is not a valid ECDSA public key"},
      {"EdDSA", "", "ec256.pkcs8.pem", "key is not a valid Ed25519 private key"},
      {"EdDSA", "rsa.pub.pem", "", "key is not a valid Ed25519 public key"},
      {"ES256", "", "ec384.pem", "key is invalid"},
      {"ES384", "ec256.pub.pem", "", "key is invalid"},
      {"ES256", "", "ec.koblitz.pem", "key is invalid"},
      {"RS256", "", "rsa.pub.pem", "x509: failed to parse private key"},
      {"RS256", "rsa.pem", "", "x509: failed to parse public key"},
      {"ES256", "rsa.pub.pkcs1.pem", "", "x509: failed to parse public key"},
      {"EdDSA", "rsa.certificate.pem", "", "x509: failed to parse public key"}};
  for (const auto& [method, public_file, private_file, text] : kCases) {
    EXPECT_EQ(Refusal(method, public_file, private_file), text)
        << method << " " << public_file << " " << private_file;
  }
}

TEST(JwtKeyTest, AKeyThatIsTooShortIsRefused) {
  EXPECT_EQ(Refusal("RS256", "", "rsa.512.pem"),
            "crypto/rsa: 512-bit keys are insecure (see "
            "https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)");
}

TEST(JwtKeyTest, AnEncryptedKeyIsRefusedAndNobodyIsAsked) {
  for (const char* file : {"rsa.encrypted.pem", "rsa.encrypted.pkcs8.pem"}) {
    EXPECT_EQ(Refusal("RS256", "", file), "the key is encrypted; one without a password is needed");
  }
}

TEST(JwtKeyTest, WhatIsNoPemIsRefused) {
  EXPECT_EQ(Refusal("RS256", "", "hmac.secret"),
            "invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key");
  // Cut anywhere, it is refused as well, whatever is said.
  const std::string whole = TestData("rsa.pem");
  for (size_t size = 1; size + 2 < whole.size(); size += 7) {
    EXPECT_FALSE(
        JwtKey::Parse(JwtMethod::kRs256, {.public_key = "", .private_key = whole.substr(0, size)})
            .ok())
        << size;
  }
}

TEST(JwtKeyTest, ASecretCountsByteForByte) {
  const auto key = [](std::string secret) {
    return JwtKey::Parse(JwtMethod::kHs256, {.public_key = "", .private_key = std::move(secret)})
        .value();
  };
  const base::Bytes signature = key("secret\n").Sign("text").value();
  EXPECT_TRUE(key("secret\n").Verify("text", signature));
  EXPECT_FALSE(key("secret").Verify("text", signature));
}

}  // namespace
}  // namespace identity
