#include "base/come_back.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using std::chrono::milliseconds;

TEST(ComeBackTest, WhatIsWrittenIsRead) {
  const std::string refusal = std::string(kAdmissionRule) + "a: too much of requests";
  const std::string text = ComeBackText(refusal, milliseconds(250));
  EXPECT_EQ(text, "etcdserver: admission rule a: too much of requests, come back in 250 ms");
  EXPECT_EQ(ReadComeBack(text), milliseconds(250));
  EXPECT_EQ(ReadComeBack(ComeBackText(refusal, milliseconds(0))), milliseconds(0));
}

TEST(ComeBackTest, OtherTextsSayNothing) {
  for (const char* const text :
       {"", "etcdserver: permission denied", "etcdserver: admission rule a: too much of bytes",
        "etcdserver: other, come back in 250 ms", "etcdserver: admission rule a, come back in  ms",
        "etcdserver: admission rule a, come back in 250 s",
        "etcdserver: admission rule a, come back in 250 ms.",
        "etcdserver: admission rule a, come back in -1 ms",
        "etcdserver: admission rule a, come back in 99999999999 ms",
        "etcdserver: admission rule a, come back in 250 ms ms",
        "etcdserver: admission rule , come back in ms"}) {
    EXPECT_EQ(ReadComeBack(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace base
