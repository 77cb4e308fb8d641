#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace base {
namespace {

TEST(Base64Text, ReadsWithAndWithoutPadding) {
  EXPECT_EQ(Base64Encode("a"), "YQ");
  EXPECT_EQ(Base64Encode("ab"), "YWI");
  EXPECT_EQ(Base64Encode("abc"), "YWJj");
  EXPECT_EQ(Base64Decode("YQ"), "a");
  EXPECT_EQ(Base64Decode("YQ=="), "a");
  EXPECT_EQ(Base64Decode("YWJj"), "abc");
  EXPECT_FALSE(Base64Decode("Y").has_value());
  EXPECT_FALSE(Base64Decode("Y*Jj").has_value());
  EXPECT_EQ(Base64Encode("a", Base64::kPadded), "YQ==");
  EXPECT_EQ(Base64Encode("abc", Base64::kPadded), "YWJj");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(static_cast<char>(byte));
    EXPECT_EQ(Base64Decode(Base64Encode(all)), all);
  }
}

TEST(Base64Text, KnowsNoOtherDigitAtAnyPlace) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t length = 2; length <= 8; ++length) {
    if (length % 4 == 1) continue;
    for (size_t place = 0; place < length; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, 'A');
        text[place] = static_cast<char>(byte);
        const bool is_padding = byte == '=' && place + 1 == length && (length - 1) % 4 != 1;
        const bool is_digit = digits.find(text[place]) != std::string::npos;
        EXPECT_EQ(Base64Decode(text).has_value(), is_digit || is_padding) << length << " " << text;
      }
    }
  }
}

TEST(Base64Text, HasAFormForUrls) {
  EXPECT_EQ(Base64Encode("\xff\xfe\xfd", Base64::kUrl), "__79");
  EXPECT_EQ(Base64Encode("\xff\xfe\xfd"), "//79");
  EXPECT_EQ(Base64Decode("__79", Base64::kUrl), "\xff\xfe\xfd");
  EXPECT_FALSE(Base64Decode("//79", Base64::kUrl).has_value());
  EXPECT_FALSE(Base64Decode("__79").has_value());
  EXPECT_FALSE(Base64Decode("YQ==", Base64::kUrl).has_value());
}

}  // namespace
}  // namespace base
