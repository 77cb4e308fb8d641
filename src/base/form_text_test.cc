#include "base/form_text.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(FormEscapeTest, WhatIsNotPlainIsEscapedAsInGo) {
  EXPECT_EQ(FormEscape(""), "");
  EXPECT_EQ(FormEscape("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(FormEscape("m=http://h:1,n"), "m%3Dhttp%3A%2F%2Fh%3A1%2Cn");
  EXPECT_EQ(FormEscape("a b+c&d"), "a+b%2Bc%26d");
  EXPECT_EQ(FormEscape("\xc3\xa9%"), "%C3%A9%25");
}

}  // namespace
}  // namespace base
