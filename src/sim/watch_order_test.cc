#include "sim/watch_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WatchOrderTest : public ::testing::Test {
 protected:
  void Tell(std::vector<int64_t> revisions, int64_t header, bool whole = true) {
    for (const int64_t revision : revisions) order_.OnEvent(revision, {.key = "key"});
    order_.OnEndOfAnswer(header, whole);
  }

  std::vector<int64_t> told_;
  std::vector<std::string> violations_;
  WatchOrder order_{{.on_revision = [this](base::Revision revision,
                                           const auto&) { told_.push_back(revision.value()); },
                     .fail = [this](const auto& what) { violations_.push_back(what); }}};
};

TEST_F(WatchOrderTest, TakesEachRevisionOnce) {
  order_.OnCreated(4);
  order_.OnCreated(7);  // at another member
  Tell({5, 5, 6}, 6);
  order_.OnProgress(6);
  Tell({7}, 9, /*whole=*/false);
  Tell({7, 8}, 9);
  EXPECT_THAT(violations_, IsEmpty());
  EXPECT_THAT(told_, ElementsAre(5, 6, 7, 8));
  EXPECT_EQ(order_.next(), 9);
}

TEST_F(WatchOrderTest, WhatBreaksOffIsToldAnew) {
  order_.OnCreated(4);
  Tell({5}, 5, /*whole=*/false);
  order_.OnBroken();
  Tell({5, 6}, 6);
  EXPECT_THAT(violations_, IsEmpty());
  EXPECT_THAT(told_, ElementsAre(5, 6));
}

TEST_F(WatchOrderTest, GoesOnBehindACompaction) {
  order_.OnCreated(4);
  order_.OnCompacted(9, "compacted");
  Tell({9}, 9);
  EXPECT_THAT(violations_, IsEmpty());
  order_.OnCompacted(10, "compacted");
  EXPECT_THAT(violations_, ElementsAre(HasSubstr("that leaves revision 10")));
}

TEST_F(WatchOrderTest, NoneIsLeftOut) {
  order_.OnCreated(4);
  Tell({6}, 6);
  EXPECT_THAT(violations_, ElementsAre("a watch was told of revision 6 after 4"));
}

TEST_F(WatchOrderTest, NoneIsToldTwice) {
  order_.OnCreated(4);
  Tell({5}, 5);
  Tell({5}, 5);
  EXPECT_THAT(violations_, ElementsAre("a watch was told of revision 5 after 5"));
}

TEST_F(WatchOrderTest, NothingIsToldAheadOfTheAnswer) {
  order_.OnCreated(4);
  Tell({5, 6}, 5);
  EXPECT_THAT(violations_, ElementsAre(HasSubstr("more than the answer's revision")));
}

TEST_F(WatchOrderTest, ProgressIsNotAheadOfEvents) {
  order_.OnCreated(4);
  order_.OnProgress(5);
  EXPECT_THAT(violations_, ElementsAre(HasSubstr("progress is told to be 5")));
}

TEST_F(WatchOrderTest, ProgressIsNotBehindThem) {
  order_.OnCreated(4);
  order_.OnProgress(3);
  EXPECT_THAT(violations_, ElementsAre("progress is told to be 3 after 4"));
}

}  // namespace
}  // namespace sim
