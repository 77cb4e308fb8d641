#include "state/members/extensions.h"

#include <gtest/gtest.h>

namespace members {
namespace {

TEST(ExtensionNamesTest, TextsBecomeNamesAndBack) {
  EXPECT_EQ(ToText({}), "");
  EXPECT_EQ(ToText({"b", "a-1"}), "a-1,b");
  EXPECT_EQ(ExtensionsFromText("a-1,b"), (Extensions{"a-1", "b"}));
  EXPECT_EQ(ExtensionsFromText(""), Extensions());
}

TEST(ExtensionNamesTest, WhatIsNoNameIsLeftOut) {
  EXPECT_EQ(ExtensionsFromText(",a,,B, c,d\n,é,e,"), (Extensions{"a", "e"}));
  EXPECT_EQ(ExtensionsFromText(std::string(65, 'a') + ",b"), (Extensions{"b"}));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "n" + std::to_string(i) + ",";
  EXPECT_EQ(ExtensionsFromText(many).size(), kExtensionsMax);
}

TEST(ExtensionNamesTest, LackingIsWhatIsNotUnderstood) {
  EXPECT_EQ(Lacking({"a", "b"}, {"b", "c"}), (Extensions{"a"}));
  EXPECT_EQ(Lacking({}, {"b"}), Extensions());
}

}  // namespace
}  // namespace members
