#include "base/media_type.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(MediaTypeTest, TheNameIsWhatStandsBeforeTheParameters) {
  for (const char* const text :
       {"text/plain", " Text/Plain ", "text/plain;", "text/plain; ", "text/plain ; charset=utf-8",
        "text/plain;a=b;c=\"d;e\\\"f\" ; g = h", "text/plain;a=\"\""}) {
    const MediaType type = ParseMediaType(text);
    EXPECT_EQ(type.name, "text/plain") << text;
    EXPECT_EQ(type.error, "") << text;
  }
  EXPECT_EQ(ParseMediaType("form").name, "form");
}

TEST(MediaTypeTest, ANameThatIsNoneIsAnError) {
  for (const auto& [text, error] : {std::pair{"", "mime: no media type"},
                                    {"/", "mime: no media type"},
                                    {";a=b", "mime: no media type"},
                                    {"x y", "mime: expected slash after first token"},
                                    {"a/", "mime: expected token after slash"},
                                    {"a/b/c", "mime: unexpected content after media subtype"},
                                    {"a/b, c/d", "mime: unexpected content after media subtype"}}) {
    const MediaType type = ParseMediaType(text);
    EXPECT_EQ(type.name, "") << text;
    EXPECT_EQ(type.error, error) << text;
  }
}

TEST(MediaTypeTest, ParametersThatCannotBeReadLeaveTheName) {
  for (const char* const text : {"a/b; bad", "a/b;;", "a/b; =x", "a/b; a=", "a/b; a=\"x",
                                 "a/b; a=b c", "a/b; a=\"x\ny\"", "a/b;; "}) {
    const MediaType type = ParseMediaType(text);
    EXPECT_EQ(type.name, "a/b") << text;
    EXPECT_EQ(type.error, "mime: invalid media parameter") << text;
  }
}

TEST(MediaTypeTest, AParameterIsThereOnce) {
  const MediaType type = ParseMediaType("a/b; x=1; X=1");
  EXPECT_EQ(type.name, "");
  EXPECT_EQ(type.error, "mime: duplicate parameter name");
}

}  // namespace
}  // namespace base
