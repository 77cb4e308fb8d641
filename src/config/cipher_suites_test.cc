#include "config/cipher_suites.h"

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(CipherSuitesTest, KnowsAllOfGoAndTheNamesOfOld) {
  for (const char* name : {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA",
                           "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"}) {
    EXPECT_EQ(CipherSuiteName(name), name);
  }
  EXPECT_EQ(CipherSuiteName("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"),
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(CipherSuiteName("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"),
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
  for (const char* name : {"", "AES128-SHA", "tls_aes_128_gcm_sha256"}) {
    EXPECT_EQ(CipherSuiteName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace config
