#include "ctl/redaction.h"

#include <gtest/gtest.h>

namespace ctl {
namespace {

TEST(RedactionTest, SecretsAreTakenOutWhereverTheyStand) {
  const Redaction redaction({"s3cret", "to\"ken\"", "", "abc"});
  EXPECT_EQ(redaction.Clean("a s3cret, s3crets3cret"), "a ***, ******");
  EXPECT_EQ(redaction.Clean("{\"t\":\"to\\\"ken\\\"\"} to\"ken\""), "{\"t\":\"***\"} ***");
  EXPECT_EQ(redaction.Clean("abc"), "abc");
  EXPECT_EQ(Redaction({"****"}).Clean("********"), "******");
}

TEST(RedactionTest, APrivateKeyIsNotHandedOn) {
  EXPECT_EQ(Redaction({}).Clean("x\n-----BEGIN EC PRIVATE KEY-----\nMHc\n"),
            "left out: there is a private key in it\n");
}

TEST(RedactionTest, ATailHasWholeLines) {
  EXPECT_EQ(TailOf("a\nb\nc\n", 2, 100), "b\nc\n");
  EXPECT_EQ(TailOf("a\nb\nc", 2, 100), "b\nc");
  EXPECT_EQ(TailOf("a\nb\nc\n", 9, 100), "a\nb\nc\n");
  EXPECT_EQ(TailOf("a\nb\nc\n", 0, 100), "");
  EXPECT_EQ(TailOf("", 2, 100), "");
  EXPECT_EQ(TailOf("\n", 2, 100), "\n");
  EXPECT_EQ(TailOf("aaaa\nbb\ncc\n", 9, 6), "cc\n");
  EXPECT_EQ(TailOf("aaaaaaaaaaaa", 9, 7), "");
}

}  // namespace
}  // namespace ctl
