#include "base/form.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(FormTest, ParametersAreDecoded) {
  const Form form("exclude=NOSPACE&exclude=%43ORRUPT&exclude=&verbose&text=a+b%26c");
  EXPECT_EQ(form.All("exclude"), (std::vector<std::string>{"NOSPACE", "CORRUPT"}));
  EXPECT_TRUE(form.Has("verbose"));
  EXPECT_EQ(form.Get("verbose"), "");
  EXPECT_EQ(form.Get("text"), "a b&c");
  EXPECT_FALSE(form.Has("a"));
  EXPECT_EQ(form.error(), "");
}

TEST(FormTest, WhatCannotBeDecodedIsPassedOver) {
  const Form form("a=%zz&b=%4&%=1&d=1;e=2&&c=1");
  for (const char* const name : {"a", "b", "", "d", "e"}) EXPECT_FALSE(form.Has(name)) << name;
  EXPECT_EQ(form.Get("c"), "1");
  EXPECT_EQ(form.error(), "invalid semicolon separator in query");
  EXPECT_EQ(Form("a=%zz&b=%4&c=1").error(), "invalid URL escape \"%zz\"");
}

TEST(FormTest, TheFirstOfANameIsThatOfTheBody) {
  Form form;
  form.Parse("a=1");
  form.Parse("a=2&b=3");
  EXPECT_EQ(form.Get("a"), "1");
  EXPECT_EQ(form.All("a"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(form.Get("b"), "3");
}

TEST(FormTest, TheFirstThatIsWrongIsTheError) {
  Form form;
  form.Fail("http: POST too large");
  form.Parse("a;b");
  EXPECT_EQ(form.error(), "http: POST too large");
  EXPECT_EQ(Form("a;b&%zz").error(), "invalid semicolon separator in query");
}

}  // namespace
}  // namespace base
