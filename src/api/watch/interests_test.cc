#include "api/watch/interests.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

#include "api/watch/group.h"

namespace watch {
namespace {

class InterestsTest : public testing::Test {
 protected:
  void Add(Group* group, const std::string& key, const std::string& end = "") {
    auto watcher = std::make_unique<Watcher>();
    watcher->wish = std::make_shared<Wish>(Wish{.key = key, .range_end = end});
    group->interests.Add(watcher.get(), group);
    watchers_.push_back(std::move(watcher));
  }
  // Of the interests in a key.
  static size_t WatchersOf(const Group& group, const std::string& key) {
    size_t count = 0;
    group.interests.ForEachOf(key, [&](Interest& interest) {
      EXPECT_EQ(interest.group, &group);
      for (size_t place = 0; place < interest.watchers.size(); ++place) {
        EXPECT_EQ(interest.watchers[place]->interest, &interest);
        EXPECT_EQ(interest.watchers[place]->place, place);
        EXPECT_EQ(interest.watchers[place]->wish, interest.wish);
      }
      count += interest.watchers.size();
    });
    return count;
  }

  Group to_{1};
  Group from_{1};
  std::deque<std::unique_ptr<Watcher>> watchers_;
};

TEST_F(InterestsTest, AnInterestThatIsNewIsTakenWhole) {
  for (int i = 0; i < 100; ++i) Add(&from_, "k");
  to_.interests.TakeSome(&from_.interests, &to_, 10);
  EXPECT_TRUE(from_.interests.empty());
  EXPECT_EQ(to_.interests.watchers(), 100u);
  EXPECT_EQ(WatchersOf(to_, "k"), 100u);
}

TEST_F(InterestsTest, OfOneThatIsThereWatchersAreTakenAFewAtATime) {
  Add(&to_, "k");
  for (int i = 0; i < 25; ++i) Add(&from_, "k");
  for (const size_t left : {15u, 5u, 0u}) {
    to_.interests.TakeSome(&from_.interests, &to_, 10);
    EXPECT_EQ(from_.interests.watchers(), left);
    EXPECT_EQ(to_.interests.watchers(), 26 - left);
    EXPECT_EQ(WatchersOf(from_, "k"), left);
    EXPECT_EQ(WatchersOf(to_, "k"), 26 - left);
  }
}

TEST_F(InterestsTest, PointsAndRangesAreTaken) {
  for (int i = 0; i < 50; ++i) {
    const std::string key = "key" + std::to_string(i);
    Add(&to_, key);
    Add(&from_, key);
    Add(&from_, key, "l");
    Add(&from_, "other" + std::to_string(i));
  }
  int times = 0;
  for (; !from_.interests.empty(); ++times) to_.interests.TakeSome(&from_.interests, &to_, 10);
  EXPECT_EQ(times, 150);
  EXPECT_EQ(to_.interests.watchers(), 200u);
  EXPECT_EQ(WatchersOf(to_, "other7"), 1u);
  // Those two, and the ranges that begin at or before it: key0, key1 and key10 to key12.
  EXPECT_EQ(WatchersOf(to_, "key12"), 2u + 5u);
}

}  // namespace
}  // namespace watch
