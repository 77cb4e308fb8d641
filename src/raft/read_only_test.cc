#include "raft/read_only.h"

#include <gtest/gtest.h>

namespace raft {
namespace {

const JointConfig kThree{{MemberId(1), MemberId(2), MemberId(3)}, {}};

ReadRequest Ask(const char* context) {
  return {kNobody, base::SharedBytes(context)};
}

TEST(ReadOnlyQueueTest, AnEchoConfirmsAllReadsThatCameBeforeIt) {
  ReadOnlyQueue queue;
  queue.Add(Index(5), Ask("a"));
  queue.Add(Index(6), Ask("b"));
  const base::SharedBytes context = queue.HeartbeatContext();
  queue.Add(Index(7), Ask("c"));
  queue.Acknowledge(MemberId(1), queue.HeartbeatContext().view());
  EXPECT_TRUE(queue.TakeConfirmed(kThree).empty());
  queue.Acknowledge(MemberId(3), context.view());
  const auto confirmed = queue.TakeConfirmed(kThree);
  ASSERT_EQ(confirmed.size(), 2u);
  EXPECT_EQ(confirmed[0].index, Index(5));
  EXPECT_EQ(confirmed[1].request.context.view(), "b");
  EXPECT_TRUE(queue.TakeConfirmed(kThree).empty());
  EXPECT_FALSE(queue.empty());
}

TEST(ReadOnlyQueueTest, AJointConfigurationConfirmsInBothHalves) {
  const JointConfig joint{{MemberId(1)}, {MemberId(2), MemberId(3)}};
  ReadOnlyQueue queue;
  queue.Add(Index(5), Ask("a"));
  queue.Acknowledge(MemberId(1), queue.HeartbeatContext().view());
  queue.Acknowledge(MemberId(2), queue.HeartbeatContext().view());
  EXPECT_TRUE(queue.TakeConfirmed(joint).empty());
  queue.Acknowledge(MemberId(3), queue.HeartbeatContext().view());
  EXPECT_EQ(queue.TakeConfirmed(joint).size(), 1u);
}

TEST(ReadOnlyQueueTest, WhatItNeverSentConfirmsNothing) {
  ReadOnlyQueue queue;
  queue.Add(Index(5), Ask("a"));
  const std::string far(8, '\x7f');
  for (uint64_t member = 1; member <= 3; ++member) {
    queue.Acknowledge(MemberId(member), far);
    queue.Acknowledge(MemberId(member), "short");
    queue.Acknowledge(MemberId(member), "");
  }
  EXPECT_TRUE(queue.TakeConfirmed(kThree).empty());
}

TEST(ReadOnlyQueueTest, AnOldEchoDoesNotTakeBackANewerOne) {
  ReadOnlyQueue queue;
  queue.Add(Index(5), Ask("a"));
  const base::SharedBytes old = queue.HeartbeatContext();
  queue.Add(Index(6), Ask("b"));
  queue.Acknowledge(MemberId(1), queue.HeartbeatContext().view());
  queue.Acknowledge(MemberId(1), old.view());
  queue.Acknowledge(MemberId(2), queue.HeartbeatContext().view());
  EXPECT_EQ(queue.TakeConfirmed(kThree).size(), 2u);
  EXPECT_TRUE(queue.HeartbeatContext().empty());
}

}  // namespace
}  // namespace raft
