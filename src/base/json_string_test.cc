#include "base/json_string.h"

#include <gtest/gtest.h>

namespace base {
namespace {

std::string Old(std::string_view text) {
  std::string json;
  AppendOldJsonString(text, &json);
  return json;
}

std::string Proto(std::string_view text) {
  std::string json;
  AppendProtoJsonString(text, &json);
  return json;
}

std::string Zap(std::string_view text) {
  std::string json;
  AppendZapJsonText(text, &json);
  return json;
}

TEST(JsonStringTest, WhatIsPlainStaysAsItIs) {
  for (const std::string_view text : {"", "a", "a b/c\x7f", "\xc3\xa9\xf0\x9f\x98\x80"}) {
    const std::string quoted = '"' + std::string(text) + '"';
    EXPECT_EQ(JsonString(text), quoted);
    EXPECT_EQ(Old(text), quoted);
    EXPECT_EQ(Proto(text), quoted);
    EXPECT_EQ(Zap(text), text);
  }
}

TEST(JsonStringTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(JsonString("\x01\b\f\n\r\t\x1f"), R"("\u0001\b\f\n\r\t\u001f")");
  EXPECT_EQ(Proto("\x01\b\f\n\r\t\x1f"), R"("\u0001\b\f\n\r\t\u001f")");
  EXPECT_EQ(Old("\x01\b\f\n\r\t\x1f"), R"("\u0001\u0008\u000c\n\r\t\u001f")");
  EXPECT_EQ(Zap("\x01\b\f\n\r\t\x1f"), R"(\u0001\u0008\u000c\n\r\t\u001f)");
  EXPECT_EQ(JsonString(std::string_view("a\0b", 3)), R"("a\u0000b")");
}

TEST(JsonStringTest, WhatHtmlTakesForItsOwnIsEscapedButByProtojson) {
  EXPECT_EQ(JsonString("a <b>&\"\\ c"), R"("a \u003cb\u003e\u0026\"\\ c")");
  EXPECT_EQ(Old("a <b>&\"\\ c"), R"("a \u003cb\u003e\u0026\"\\ c")");
  EXPECT_EQ(Zap("a <b>&\"\\ c"), R"(a <b>&\"\\ c)");
  EXPECT_EQ(Proto("a <b>&\"\\ c"), R"("a <b>&\"\\ c")");
  EXPECT_EQ(JsonString("\u2027\u2028\u2029\u202a"), "\"\u2027\\u2028\\u2029\u202a\"");
  EXPECT_EQ(Proto("\u2028\u2029"), "\"\u2028\u2029\"");
}

TEST(JsonStringTest, EachByteThatIsNoUtf8IsReplaced) {
  EXPECT_EQ(JsonString("a\xff\xfe\xc3\xa9\xc3"), "\"a\\ufffd\\ufffd\xc3\xa9\\ufffd\"");
  EXPECT_EQ(Old("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");
  EXPECT_EQ(Proto("\xf0\x9f\x98"), R"("\ufffd\ufffd\ufffd")");
}

}  // namespace
}  // namespace base
