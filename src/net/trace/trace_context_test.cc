#include "net/trace/trace_context.h"

#include <gtest/gtest.h>

namespace trace {
namespace {

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kSpan[] = "b7ad6b7169203331";

std::string Text(const std::string& version, const std::string& flags,
                 const std::string& rest = "") {
  return version + "-" + kTrace + "-" + kSpan + "-" + flags + rest;
}

TEST(TraceContextTest, ReadsTheIdsAndTheFlags) {
  const auto context = ParseTraceparent(Text("00", "01"));
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace, (TraceId{0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48,
                                     0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c}));
  EXPECT_EQ(context->span, (SpanId{0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31}));
  EXPECT_TRUE(context->sampled());
  EXPECT_FALSE(ParseTraceparent(Text("00", "00"))->sampled());
  EXPECT_EQ(ParseTraceparent(Text("00", "03"))->flags, kSampledFlag | kRandomFlag);
}

TEST(TraceContextTest, LaterVersionsMayHaveMore) {
  EXPECT_TRUE(ParseTraceparent(Text("01", "01", "-more")).has_value());
  EXPECT_EQ(ParseTraceparent(Text("fe", "ff"))->flags, kSampledFlag | kRandomFlag);
}

TEST(TraceContextTest, WhatSaysNoSpanIsPassedOver) {
  const std::string zeros(32, '0');
  for (const std::string& text :
       {std::string(), std::string("00"), Text("0", "01"), Text("ff", "01"), Text("00", "1"),
        Text("00", "04"), Text("00", "01", "-"), Text("00", "01", "-more"), Text("00", "0G"),
        Text("00", "0A"), Text("00", "01 "), "00-" + zeros + "-" + kSpan + "-01",
        std::string("00-") + kTrace + "-0000000000000000-01",
        std::string("00-") + kTrace + "-b7ad6b716920333-01",
        std::string("00-0AF7651916CD43DD8448EB211C80319C-") + kSpan + "-01",
        std::string("00_") + kTrace + "_" + kSpan + "_01"}) {
    const auto context = ParseTraceparent(text);
    // A part that is missing after the last delimiter is none.
    EXPECT_EQ(context.has_value(), text == Text("00", "01", "-")) << text;
  }
}

TEST(TraceContextTest, ReadsWhatOthersKeepOfATrace) {
  EXPECT_EQ(ParseTracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
  EXPECT_EQ(ParseTracestate(" a=b \t,, \tc@d=e f,1x@y=z"), "a=b,c@d=e f,1x@y=z");
  EXPECT_EQ(ParseTracestate(""), "");
}

TEST(TraceContextTest, AStateWithOneBadMemberIsNone) {
  for (const std::string& text :
       {std::string("a"), std::string("a="), std::string("=b"), std::string("A=b"),
        std::string("1=b"), std::string("a=b,a=c"), std::string("a=b=c"), std::string("a=\x7f"),
        std::string("a@=b"), std::string("@a=b"), std::string("a@1=b"), std::string("a@b@c=d"),
        "a=" + std::string(257, 'x'), std::string(257, 'a') + "=b"}) {
    EXPECT_EQ(ParseTracestate("ok=1," + text), "") << text;
  }
  EXPECT_NE(ParseTracestate("a=" + std::string(256, 'x')), "");
  EXPECT_NE(ParseTracestate(std::string(256, 'a') + "=b"), "");
}

TEST(TraceContextTest, AStateHasThirtyTwoMembersAtMost) {
  std::string state = "k0=v";
  for (int i = 1; i < 32; ++i) state += ",k" + std::to_string(i) + "=v";
  EXPECT_EQ(ParseTracestate(state), state);
  EXPECT_EQ(ParseTracestate(state + ",more=v"), "");
}

}  // namespace
}  // namespace trace
