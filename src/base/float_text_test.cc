#include "base/float_text.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(FloatTextTest, AFloatIsWrittenAsGoWritesIt) {
  EXPECT_EQ(FormatFloat(0), "0");
  EXPECT_EQ(FormatFloat(1), "1");
  EXPECT_EQ(FormatFloat(0.25), "0.25");
  EXPECT_EQ(FormatFloat(99.9), "99.9");
  EXPECT_EQ(FormatFloat(0.0001), "0.0001");
  EXPECT_EQ(FormatFloat(0.00001), "1e-05");
  EXPECT_EQ(FormatFloat(123456.5), "123456.5");
  EXPECT_EQ(FormatFloat(4.205126048653308e6), "4.205126048653308e+06");
  EXPECT_EQ(FormatFloat(-0.33583750000000007), "-0.33583750000000007");
  EXPECT_EQ(FormatFloat(1.0 / 0.0), "+Inf");
}

TEST(FloatTextTest, AFloatIsReadWithOrWithoutAnExponent) {
  EXPECT_EQ(ParseFloat("0.5").value(), 0.5);
  EXPECT_EQ(ParseFloat("+2").value(), 2);
  EXPECT_EQ(ParseFloat("-1e3").value(), -1000);
}

TEST(FloatTextTest, WhatIsNoFloatIsRefused) {
  for (const char* const text : {"", "x", "1x", "1 ", "--1", "+-1"}) {
    EXPECT_EQ(ParseFloat(text).status(), Status(Code::kInvalidArgument, "invalid syntax")) << text;
  }
  EXPECT_EQ(ParseFloat("1e999").status(), Status(Code::kOutOfRange, "value out of range"));
}

}  // namespace
}  // namespace base
