#include "state/kv/usage_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace kv {
namespace {

// "PREFIX:KEYS,BYTES,REVISIONS ..."
std::string Text(UsageGroups groups) {
  std::string text;
  for (const UsageGroups::Group& group : groups.Take()) {
    text += (text.empty() ? "" : " ") + group.prefix + ":" + std::to_string(group.keys) + "," +
            std::to_string(group.bytes) + "," + std::to_string(group.revisions);
  }
  return text;
}

mvcc::KeyValue Pair(base::ByteView key, base::ByteView value = {}, int64_t version = 1) {
  return {.key = key, .version = version, .value = value};
}

TEST(UsageGroupsTest, KeysAreTogetherUpToTheFirstDelimiterBehindThePrefix) {
  UsageGroups all(0, "/", 10);
  for (const char* const key : {"a/b/c", "a/d", "b", "b/", "bb"}) all.Add(Pair(key, "12345"));
  EXPECT_EQ(Text(std::move(all)), "a/:2,18,2 b/:1,7,1 bb:1,7,1 b:1,6,1");
  UsageGroups below(2, "/", 10);
  for (const char* const key : {"a/", "a/b/c", "a/b/d", "a/e"}) below.Add(Pair(key));
  EXPECT_EQ(Text(std::move(below)), "a/b/:2,10,2 a/e:1,3,1 a/:1,2,1");
}

TEST(UsageGroupsTest, ADelimiterMayBeAnyBytes) {
  UsageGroups groups(1, "::", 10);
  for (const char* const key : {"a::::b", "a:b::c", "a:b::d"}) groups.Add(Pair(key));
  EXPECT_EQ(Text(std::move(groups)), "a:b:::2,12,2 a:::1,6,1");
}

TEST(UsageGroupsTest, TheLargestAreKeptAndTheOthersSummedUp) {
  UsageGroups groups(0, "/", 2);
  for (const char* const key : {"a/1", "b/1", "c/1", "d/1"}) {
    groups.Add(Pair(key, std::string(key[0] == 'b' ? 9 : 1, 'v'), key[0] - 'a' + 1));
  }
  EXPECT_EQ(Text(std::move(groups)), "b/:1,12,2 a/:1,4,1 :2,8,7") << "of equal ones the first";
  EXPECT_EQ(Text(UsageGroups(0, "/", 2)), "");
}

TEST(UsageGroupsTest, WhatIsKeptDoesNotGrowWithTheGroups) {
  UsageGroups groups(0, "/", 3);
  const auto add = [&](int from) {
    for (int i = from; i < from + 1000; ++i) groups.Add(Pair(std::to_string(100'000 + i) + "/"));
    return groups.held_bytes();
  };
  const size_t held = add(0);
  EXPECT_EQ(held, 4 * (sizeof(UsageGroups::Group) + 7));
  EXPECT_EQ(add(1000), held);
}

TEST(UsageGroupsTest, TheyAreThoseOfAPlainCount) {
  std::mt19937_64 random(20261128);
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, size_t> pairs;
    for (int i = 0; i < 40; ++i) {
      std::string key;
      for (size_t length = 1 + random() % 5; length > 0; --length) key += "ab//"[random() % 4];
      pairs[key] = random() % 4;
    }
    std::map<std::string, UsageGroups::Group> plain;
    const size_t limit = 1 + random() % 6;
    UsageGroups groups(0, "/", limit);
    for (const auto& [key, size] : pairs) {
      groups.Add(Pair(key, std::string(size, 'v')));
      const size_t end = key.find('/');
      const std::string prefix = end == std::string::npos ? key : key.substr(0, end + 1);
      UsageGroups::Group& group = plain[prefix];
      group.prefix = prefix;
      ++group.keys;
      group.bytes += static_cast<int64_t>(key.size() + size);
    }
    std::vector<UsageGroups::Group> expected;
    for (const auto& [prefix, group] : plain) expected.push_back(group);
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    const std::vector<UsageGroups::Group> got = groups.Take();
    ASSERT_EQ(got.size(), std::min(limit + 1, expected.size()));
    int64_t keys = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      keys += got[i].keys;
      if (i == limit) continue;
      EXPECT_EQ(got[i].prefix, expected[i].prefix);
      EXPECT_EQ(got[i].keys, expected[i].keys);
      EXPECT_EQ(got[i].bytes, expected[i].bytes);
    }
    EXPECT_EQ(keys, static_cast<int64_t>(pairs.size()));
  }
}

}  // namespace
}  // namespace kv
