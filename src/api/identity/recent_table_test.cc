#include "api/identity/recent_table.h"

#include <gtest/gtest.h>

#include <map>

#include "runtime/random.h"

namespace identity {
namespace {

const auto kNeverOver = [](int) { return false; };
const auto kKeep = [](int) { return true; };

std::string KeyOf(int i) {
  return "key " + std::to_string(i);
}

TEST(RecentTableTest, HasWhatWasPut) {
  RecentTable<int> table(1 << 20);
  table.Put("a", 1, 0, kNeverOver);
  table.Put("b", 2, 0, kNeverOver);
  table.Put("a", 3, 0, kNeverOver);
  int found = 0;
  const auto take = [&](int value) {
    found = value;
    return true;
  };
  EXPECT_TRUE(table.Find("a", take));
  EXPECT_EQ(found, 3);
  EXPECT_TRUE(table.Find("b", take));
  EXPECT_EQ(found, 2);
  EXPECT_FALSE(table.Find("c", take));
}

TEST(RecentTableTest, ForgetsWhatItsUserDoesNotKeep) {
  RecentTable<int> table(1 << 20);
  table.Put("a", 1, 0, kNeverOver);
  EXPECT_FALSE(table.Find("a", [](int) { return false; }));
  EXPECT_FALSE(table.Find("a", kKeep));
  EXPECT_EQ(table.bytes(), 0U);
}

TEST(RecentTableTest, IsBoundedInBytes) {
  constexpr size_t kBytesMax = 64 << 10;
  RecentTable<int> table(kBytesMax);
  runtime::Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    table.Put(KeyOf(i), i, random.Below(500), kNeverOver);
    ASSERT_LE(table.bytes(), kBytesMax);
  }
  EXPECT_GT(table.bytes(), kBytesMax / 2);
  // One that would take all of a part's share.
  table.Put("large", 1, kBytesMax / 16, kNeverOver);
  EXPECT_FALSE(table.Find("large", kKeep));
}

TEST(RecentTableTest, WhatIsUsedStays) {
  RecentTable<int> table(64 << 10);
  table.Put("used", 1, 0, kNeverOver);
  table.Put("left", 1, 0, kNeverOver);
  for (int i = 0; i < 10'000; ++i) {
    table.Put(KeyOf(i), i, 0, kNeverOver);
    ASSERT_TRUE(table.Find("used", kKeep)) << i;
  }
  EXPECT_FALSE(table.Find("left", kKeep));
}

TEST(RecentTableTest, WhatIsOverGoesWithoutBeingLookedFor) {
  RecentTable<int> table(1 << 20);
  for (int i = 0; i < 1000; ++i) table.Put(KeyOf(i), i, 0, kNeverOver);
  const size_t full = table.bytes();
  for (int i = 1000; i < 3000; ++i) {
    table.Put(KeyOf(i), i, 0, [](int value) { return value < 1000; });
  }
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(table.Find(KeyOf(i), kKeep)) << i;
  for (int i = 1000; i < 3000; ++i) EXPECT_TRUE(table.Find(KeyOf(i), kKeep)) << i;
  EXPECT_LT(table.bytes(), 3 * full);
}

TEST(RecentTableTest, AgreesWithAMap) {
  RecentTable<int> table(1 << 20);
  std::map<std::string, int> model;
  runtime::Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = KeyOf(static_cast<int>(random.Below(500)));
    if (random.OneIn(3)) {
      table.Put(key, i, key.size(), kNeverOver);
      model[key] = i;
    } else {
      const bool keeps = !random.OneIn(4);
      int found = -1;
      const bool is_there = table.Find(key, [&](int value) {
        found = value;
        return keeps;
      });
      EXPECT_EQ(found, model.contains(key) ? model[key] : -1);
      EXPECT_EQ(is_there, model.contains(key) && keeps);
      if (!keeps) model.erase(key);
    }
  }
}

}  // namespace
}  // namespace identity
