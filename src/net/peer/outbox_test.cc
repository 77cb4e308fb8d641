#include "net/peer/outbox.h"

#include <gtest/gtest.h>

#include <string>

namespace peer {
namespace {

raft::Message MessageOf(size_t bytes) {
  raft::Message message;
  message.context = base::SharedBytes(std::string(bytes, 'x'));
  return message;
}

TEST(OutboxTest, AMessageThatFindsNoRoomIsRefused) {
  Outbox outbox({.messages_max = 2, .bytes_max = 10'000});
  EXPECT_TRUE(outbox.Push(MessageOf(1)));
  EXPECT_FALSE(outbox.Push(MessageOf(10'000)));
  EXPECT_TRUE(outbox.Push(MessageOf(2)));
  EXPECT_FALSE(outbox.Push(MessageOf(3)));
  EXPECT_EQ(outbox.size(), 2u);
  EXPECT_EQ(outbox.bytes(), 2 * sizeof(raft::Message) + 3);
  EXPECT_EQ(outbox.Pop().context.size(), 1u);
  EXPECT_EQ(outbox.Pop().context.size(), 2u);
  EXPECT_EQ(outbox.bytes(), 0u);
}

TEST(OutboxTest, OneMessageAlwaysFindsRoom) {
  Outbox outbox({.messages_max = 2, .bytes_max = 10});
  EXPECT_TRUE(outbox.Push(MessageOf(100)));
  EXPECT_FALSE(outbox.Push(MessageOf(0)));
  outbox.Clear();
  EXPECT_EQ(outbox.bytes(), 0u);
  EXPECT_TRUE(outbox.Push(MessageOf(0)));
}

}  // namespace
}  // namespace peer
