#include "api/web/query.h"

#include <gtest/gtest.h>

namespace web {
namespace {

TEST(QueryTest, ParametersAreDecoded) {
  const Query query("exclude=NOSPACE&exclude=%43ORRUPT&verbose&text=a+b%26c");
  EXPECT_EQ(query.All("exclude"), (std::vector<std::string>{"NOSPACE", "CORRUPT"}));
  EXPECT_TRUE(query.Has("verbose"));
  EXPECT_EQ(query.Get("verbose"), "");
  EXPECT_EQ(query.Get("text"), "a b&c");
  EXPECT_FALSE(query.Has("a"));
}

TEST(QueryTest, WhatCannotBeDecodedIsPassedOver) {
  const Query query("a=%zz&b=%4&%=1&&c=1");
  EXPECT_FALSE(query.Has("a"));
  EXPECT_FALSE(query.Has("b"));
  EXPECT_FALSE(query.Has(""));
  EXPECT_EQ(query.Get("c"), "1");
}

}  // namespace
}  // namespace web
