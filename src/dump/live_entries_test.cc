#include "dump/live_entries.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "runtime/random.h"

namespace dump {
namespace {

std::vector<uint64_t> Places(LiveEntries* entries) {
  std::vector<uint64_t> places;
  for (uint64_t place = 0; place < entries->places(); ++place) {
    if (entries->Has(place)) places.push_back(place);
  }
  return places;
}

TEST(LiveEntriesTest, LaterOnesReplaceEarlierOnesFromTheirIndexOn) {
  LiveEntries entries{base::Index(0)};
  for (const uint64_t index : {1, 2, 3, 4, 3, 4, 2}) EXPECT_TRUE(entries.Add(base::Index(index)));
  EXPECT_EQ(entries.count(), 2u);
  EXPECT_EQ(Places(&entries), (std::vector<uint64_t>{0, 6}));
}

TEST(LiveEntriesTest, ThoseUpToTheStartAreLeftOut) {
  LiveEntries entries{base::Index(2)};
  for (const uint64_t index : {1, 2, 3, 4}) EXPECT_TRUE(entries.Add(base::Index(index)));
  EXPECT_EQ(entries.count(), 2u);
  EXPECT_EQ(Places(&entries), (std::vector<uint64_t>{2, 3}));
}

TEST(LiveEntriesTest, AGapIsTold) {
  LiveEntries entries{base::Index(0)};
  EXPECT_TRUE(entries.Add(base::Index(1)));
  EXPECT_FALSE(entries.Add(base::Index(3)));
  EXPECT_EQ(entries.count(), 1u);
}

TEST(LiveEntriesTest, IsWhatAListOfAllWouldBe) {
  runtime::Random random(20261128);
  for (int round = 0; round < 500; ++round) {
    const uint64_t start = random.Below(5);
    LiveEntries entries{base::Index(start)};
    std::vector<uint64_t> expected;  // places, by index - start - 1
    const uint64_t count = random.Below(40);
    for (uint64_t place = 0; place < count; ++place) {
      const uint64_t highest = start + expected.size() + 2;
      const uint64_t index =
          random.Below(3) > 0 ? start + expected.size() + 1 : 1 + random.Below(highest);
      const bool is_gap = index > start + expected.size() + 1;
      ASSERT_EQ(entries.Add(base::Index(index)), !is_gap);
      if (is_gap || index <= start) continue;
      expected.resize(index - start - 1);
      expected.push_back(place);
    }
    ASSERT_EQ(entries.count(), expected.size());
    ASSERT_EQ(Places(&entries), expected);
  }
}

}  // namespace
}  // namespace dump
