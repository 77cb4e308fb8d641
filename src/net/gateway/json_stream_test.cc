#include "net/gateway/json_stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace gateway {
namespace {

std::vector<base::Bytes> ValuesOf(JsonStream& stream) {
  std::vector<base::Bytes> values;
  for (;;) {
    auto value = stream.Next();
    if (!value.ok() || !value->has_value()) return values;
    values.push_back(**value);
  }
}

TEST(JsonStreamTest, ValuesMayTouchOrStandApart) {
  JsonStream stream(1000);
  stream.Append(" {\"a\":1}{} \n {\"b\":[{}]}");
  EXPECT_EQ(ValuesOf(stream), (std::vector<base::Bytes>{"{\"a\":1}", "{}", "{\"b\":[{}]}"}));
  EXPECT_FALSE(stream.InsideValue());
}

TEST(JsonStreamTest, BracesInStringsDoNotCount) {
  JsonStream stream(1000);
  const base::Bytes value = R"({"}":"\"}{\\"})";
  stream.Append(value + "{}");
  EXPECT_EQ(ValuesOf(stream), (std::vector<base::Bytes>{value, "{}"}));
}

TEST(JsonStreamTest, ValuesMayComeByteByByte) {
  JsonStream stream(1000);
  const base::Bytes text = R"({"a":"x\"y"} {"b":{"c":[1,2]}})";
  std::vector<base::Bytes> values;
  for (const char c : text) {
    stream.Append(base::ByteView(&c, 1));
    for (base::Bytes& value : ValuesOf(stream)) values.push_back(value);
  }
  EXPECT_EQ(values, (std::vector<base::Bytes>{R"({"a":"x\"y"})", R"({"b":{"c":[1,2]}})"}));
}

TEST(JsonStreamTest, WhatIsLeftIsSeen) {
  JsonStream stream(1000);
  stream.Append("{} {");
  EXPECT_EQ(ValuesOf(stream).size(), 1u);
  EXPECT_TRUE(stream.InsideValue());
}

TEST(JsonStreamTest, WhatIsNoObjectIsRefused) {
  JsonStream stream(1000);
  stream.Append("[1]");
  EXPECT_EQ(stream.Next().status().code(), base::Code::kInvalidArgument);
}

TEST(JsonStreamTest, AValueThatIsTooLongIsRefused) {
  JsonStream stream(10);
  stream.Append("{\"a\":\"bcdefgh");
  EXPECT_EQ(stream.Next().status().code(), base::Code::kResourceExhausted);
}

}  // namespace
}  // namespace gateway
