#include "state/kv/key_set.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/random.h"

namespace kv {
namespace {

TEST(KeySetTest, ARangeHasItsBeginAndNotItsEnd) {
  KeySet set;
  set.Add("b", "d");
  EXPECT_FALSE(set.Contains("a"));
  EXPECT_TRUE(set.Contains("b"));
  EXPECT_TRUE(set.Contains("czz"));
  EXPECT_FALSE(set.Contains("d"));
}

TEST(KeySetTest, WithoutAnEndItIsTheOneKey) {
  KeySet set;
  set.Add("b", "");
  EXPECT_TRUE(set.Contains("b"));
  EXPECT_FALSE(set.Contains(std::string("b\0", 2)));
}

TEST(KeySetTest, AnEndBelowTheBeginIsNoKey) {
  KeySet set;
  set.Add("b", "a");
  set.Add("b", "b");
  set.Add("b", std::string(1, '\0'));
  EXPECT_FALSE(set.Contains("b"));
}

TEST(KeySetTest, RandomSetsHaveWhatAnyOfTheirRangesHas) {
  constexpr uint64_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  runtime::Random random(kSeed);
  std::vector<std::string> keys;
  for (char first = 'a'; first < 'e'; ++first) {
    for (const char* rest : {"", "a", "b"}) keys.push_back(first + std::string(rest));
  }
  for (int round = 0; round < 2000; ++round) {
    KeySet set;
    KeySet part;
    std::vector<std::pair<std::string, std::string>> ranges;
    for (uint64_t i = random.Below(6); i > 0; --i) {
      const std::string& begin = keys[random.Below(keys.size())];
      const std::string& end = keys[random.Below(keys.size())];
      // Borrowed from `keys`, which outlives the sets.
      const bool one_key = random.OneIn(3);
      (random.OneIn(2) ? set : part).Add(begin, one_key ? std::string_view() : end);
      ranges.emplace_back(begin, one_key ? begin + '\0' : end);
    }
    set.Add(part);
    for (const std::string& key : keys) {
      bool expected = false;
      for (const auto& [begin, end] : ranges) expected = expected || (begin <= key && key < end);
      ASSERT_EQ(set.Contains(key), expected) << "round " << round << " key " << key;
    }
  }
}

}  // namespace
}  // namespace kv
