#include "api/identity/digest.h"

#include <gtest/gtest.h>

namespace identity {
namespace {

TEST(DigestTest, AFingerprintIsTheBeginningOfTheHash) {
  // FIPS 180-2, appendix B: "abc" is ba7816bf 8f01cfea ...
  EXPECT_EQ(TokenFingerprint("abc"), "ba7816bf8f01");
  EXPECT_EQ(TokenFingerprint(""), "e3b0c44298fc");
  EXPECT_EQ(Sha256("abc").size(), kDigestBytes);
}

TEST(DigestTest, KeyedDigestsTellKeysAndPartsApart) {
  const base::Bytes digest = KeyedDigest("key", {"ab", "c"});
  EXPECT_EQ(digest.size(), kDigestBytes);
  EXPECT_EQ(digest, KeyedDigest("key", {"ab", "c"}));
  EXPECT_NE(digest, KeyedDigest("other", {"ab", "c"}));
  EXPECT_NE(digest, KeyedDigest("key", {"a", "bc"}));
  EXPECT_NE(digest, KeyedDigest("key", {"abc", ""}));
  EXPECT_NE(digest, KeyedDigest("key", {"abc"}));
}

}  // namespace
}  // namespace identity
