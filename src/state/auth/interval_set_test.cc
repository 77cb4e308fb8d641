#include "state/auth/interval_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace auth {
namespace {

constexpr base::ByteView kOpen{"\0", 1};

IntervalSet Of(const std::vector<KeyRange>& ranges) {
  IntervalSet set;
  set.Replace({}, ranges);
  return set;
}

TEST(IntervalSet, OfNothingContainsNothing) {
  const IntervalSet set;
  EXPECT_FALSE(set.Contains({"a"}));
  EXPECT_FALSE(set.Contains({"a", "b"}));
  EXPECT_FALSE(set.Contains({kOpen, kOpen}));
}

TEST(IntervalSet, ContainsAKeyAndNotItsNeighbours) {
  const IntervalSet set = Of({{"b"}});
  EXPECT_TRUE(set.Contains({"b"}));
  EXPECT_TRUE(set.Contains({"b", base::ByteView("b\0", 2)}));
  EXPECT_FALSE(set.Contains({base::ByteView("b\0", 2)}));
  EXPECT_FALSE(set.Contains({"a"}));
  EXPECT_FALSE(set.Contains({"b", "c"}));
}

TEST(IntervalSet, RangesThatTouchAreOne) {
  const IntervalSet set = Of({{"k", "m"}, {"a", "c"}, {"c", "e"}, {"d", "f"}});
  EXPECT_EQ(set.size(), 2u);
  EXPECT_TRUE(set.Contains({"a", "f"}));
  EXPECT_FALSE(set.Contains({"a", "g"}));
  EXPECT_FALSE(set.Contains({"e", "l"}));
  EXPECT_FALSE(set.Contains({"f"}));
  EXPECT_TRUE(set.Contains({"k"}));
  EXPECT_FALSE(set.Contains({"m"}));
}

TEST(IntervalSet, WhatIsTakenOutLeavesWhatOthersName) {
  const std::vector<KeyRange> ranges = {{"a", "c"}, {"b", "e"}, {"d", "g"}, {"x"}};
  IntervalSet set = Of(ranges);
  EXPECT_EQ(set.size(), 2u);
  set.Replace({ranges[1]}, {});
  EXPECT_EQ(set.size(), 3u);
  EXPECT_TRUE(set.Contains({"a", "c"}));
  EXPECT_FALSE(set.Contains({"c"}));
  EXPECT_TRUE(set.Contains({"d", "g"}));
  set.Replace({ranges[0], ranges[2], ranges[3]}, {{"c", "d"}});
  EXPECT_EQ(set.size(), 1u);
  EXPECT_TRUE(set.Contains({"c", "d"}));
}

// Two roles give the same key; the bytes of one are gone with it.
TEST(IntervalSet, OfTwoEqualRangesEachHasItsOwnBytes) {
  auto first = std::make_unique<std::string>("a key that is long enough to be on the heap");
  const std::string second = *first;
  IntervalSet set = Of({{*first}, {second}});
  set.Replace({{*first}}, {});
  first.reset();
  EXPECT_TRUE(set.Contains({second}));
  set.Replace({{second}}, {});
  EXPECT_EQ(set.size(), 0u);
}

TEST(IntervalSet, AnOpenRangeNeedsAnOpenInterval) {
  const IntervalSet set = Of({{"a", "z"}, {"m", kOpen}});
  EXPECT_EQ(set.size(), 1u);
  EXPECT_TRUE(set.Contains({"b", kOpen}));
  EXPECT_TRUE(set.Contains({"\xff\xff"}));
  EXPECT_FALSE(set.Contains({kOpen, kOpen}));
  const IntervalSet ends = Of({{"a", "z"}});
  EXPECT_FALSE(ends.Contains({"b", kOpen}));
}

TEST(IntervalSet, ARangeTheWrongWayRoundGivesNothingAndAsksForItsFirstKey) {
  EXPECT_EQ(Of({{"c", "a"}, {"c", "c"}}).size(), 0u);
  const IntervalSet set = Of({{"a", "c"}});
  EXPECT_TRUE(set.Contains({"b", "a"}));
  EXPECT_FALSE(set.Contains({"d", "a"}));
}

// Every key of up to two letters out of three, and every range between two of them, beside a list
// of all keys.
class AllKeys : public testing::TestWithParam<uint32_t> {
 protected:
  AllKeys() {
    const std::string letters("\0ab", 3);
    for (const char first : letters) {
      keys_.emplace_back(1, first);
      for (const char second : letters) keys_.push_back({first, second});
    }
    ends_ = keys_;
    ends_.emplace_back();
  }

  static bool Names(const KeyRange& range, base::ByteView key) {
    if (range.is_single()) return key == range.key;
    return key >= range.key && (range.is_open() || key < range.end);
  }

  std::vector<std::string> keys_;
  std::vector<std::string> ends_;
};

TEST_P(AllKeys, AnswersAsAListOfThem) {
  std::mt19937 random(GetParam());
  const auto any = [&random](const std::vector<std::string>& of) {
    return base::ByteView(of[random() % of.size()]);
  };
  IntervalSet set;
  std::vector<KeyRange> given;
  for (int round = 0; round < 1'000; ++round) {
    std::vector<KeyRange> out;
    while (!given.empty() && random() % 3 != 0) {
      std::swap(given[random() % given.size()], given.back());
      out.push_back(given.back());
      given.pop_back();
    }
    std::vector<KeyRange> in(random() % 4);
    for (KeyRange& range : in) range = {any(keys_), any(ends_)};
    set.Replace(out, in);
    given.insert(given.end(), in.begin(), in.end());
    const auto is_given = [&given](base::ByteView key) {
      return std::any_of(given.begin(), given.end(),
                         [key](const KeyRange& range) { return Names(range, key); });
    };
    for (const std::string& key : keys_) {
      ASSERT_EQ(set.Contains({key}), is_given(key)) << "seed " << GetParam();
    }
    const KeyRange asked{any(keys_), any(ends_)};
    bool names_any = false;
    bool all_given = true;
    for (const std::string& key : keys_) {
      if (!Names(asked, key)) continue;
      names_any = true;
      all_given = all_given && is_given(key);
    }
    // Between the keys of the list there are others, which only whole ranges give.
    ASSERT_TRUE(!set.Contains(asked) || !names_any || all_given) << "seed " << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AllKeys, testing::Range(1u, 9u));

}  // namespace
}  // namespace auth
