#include "base/url_escape.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(UrlEscapeTest, WhatIsNotPlainInAFormIsEscapedAsInGo) {
  EXPECT_EQ(FormEscape(""), "");
  EXPECT_EQ(FormEscape("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(FormEscape("m=http://h:1,n"), "m%3Dhttp%3A%2F%2Fh%3A1%2Cn");
  EXPECT_EQ(FormEscape("a b+c&d"), "a+b%2Bc%26d");
  EXPECT_EQ(FormEscape("\xc3\xa9%"), "%C3%A9%25");
}

TEST(UrlEscapeTest, WhatIsNoPartOfAPathIsEscaped) {
  EXPECT_EQ(PathEscape("/a b\xc3\xa9;=%?"), "/a%20b%C3%A9;=%25%3F");
}

TEST(UrlEscapeTest, APlusIsASpaceInAFormAlone) {
  EXPECT_EQ(FormUnescape("/a%2Fb+c%2b").value(), "/a/b c+");
  EXPECT_EQ(PathUnescape("/a%2Fb+c%2b").value(), "/a/b+c+");
}

TEST(UrlEscapeTest, WhatIsNoEscapeIsNamedAsGoDoes) {
  EXPECT_EQ(FormUnescape("a%zz0").status().message(), "invalid URL escape \"%zz\"");
  EXPECT_EQ(FormUnescape("a%+1").status().message(), "invalid URL escape \"%+1\"");
  EXPECT_EQ(PathUnescape("/%4").status().message(), "invalid URL escape \"%4\"");
  EXPECT_EQ(PathUnescape("/%").status().message(), "invalid URL escape \"%\"");
}

// Of a request's body anybody may send megabytes of them: what searches all that is left at each
// takes minutes for this.
TEST(UrlEscapeTest, AMillionEscapesTakeNoLongerThanTheyAreLong) {
  std::string text;
  for (int i = 0; i < 1'500'000; ++i) text += "%41";
  EXPECT_EQ(FormUnescape(text).value(), std::string(1'500'000, 'A'));
  EXPECT_EQ(PathUnescape(text).value(), std::string(1'500'000, 'A'));
}

TEST(UrlEscapeTest, EveryByteComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(FormUnescape(FormEscape(all)).value(), all);
  EXPECT_EQ(PathUnescape(PathEscape(all)).value(), all);
}

}  // namespace
}  // namespace base
