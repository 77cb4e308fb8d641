#include "net/peer/append_sequence.h"

#include <gtest/gtest.h>

#include <string>

namespace peer {
namespace {

// Of the entries (after, after + count].
raft::Message AppendOf(uint64_t term, uint64_t after, uint64_t count, size_t bytes = 0) {
  raft::Message message{.type = raft::MessageType::kApp, .term = base::Term(term)};
  message.index = base::Index(after);
  for (uint64_t i = 1; i <= count; ++i) {
    message.entries.push_back({base::Term(term), base::Index(after + i), raft::EntryType::kNormal,
                               base::SharedBytes(std::string(bytes, 'x'))});
  }
  return message;
}

class AppendSequenceTest : public ::testing::Test {
 protected:
  // The indexes of what is delivered when that is taken.
  std::string Take(raft::Message message) {
    std::vector<raft::Message> delivered;
    sequence_.Take(std::move(message), &delivered);
    return Text(delivered);
  }
  std::string Release() {
    std::vector<raft::Message> delivered;
    sequence_.Release(&delivered);
    return Text(delivered);
  }
  static std::string Text(const std::vector<raft::Message>& messages) {
    std::string text;
    for (const raft::Message& message : messages) text += ToString(message.index) + " ";
    return text;
  }

  AppendSequence sequence_;
};

TEST_F(AppendSequenceTest, WhatComesInOrderIsDeliveredAtOnce) {
  EXPECT_EQ(Take(AppendOf(2, 7, 2)), "7 ");
  EXPECT_EQ(Take(AppendOf(2, 9, 3)), "9 ");
  EXPECT_EQ(Take(AppendOf(2, 12, 0)), "12 ");
  EXPECT_EQ(Take(AppendOf(2, 12, 1)), "12 ");
  EXPECT_FALSE(sequence_.holds());
}

TEST_F(AppendSequenceTest, WhatComesInReverseIsHeldForWhatBelongsBeforeIt) {
  EXPECT_EQ(Take(AppendOf(2, 7, 1)), "7 ");
  EXPECT_EQ(Take(AppendOf(2, 14, 0)), "");
  EXPECT_EQ(Take(AppendOf(2, 12, 2)), "");
  EXPECT_EQ(Take(AppendOf(2, 10, 2)), "");
  EXPECT_TRUE(sequence_.holds());
  EXPECT_EQ(Take(AppendOf(2, 8, 2)), "8 10 12 14 ");
  EXPECT_FALSE(sequence_.holds());
}

TEST_F(AppendSequenceTest, ALeaderThatGoesBackIsFollowed) {
  EXPECT_EQ(Take(AppendOf(2, 7, 1)), "7 ");
  EXPECT_EQ(Take(AppendOf(2, 4, 1)), "4 ");
  EXPECT_EQ(Take(AppendOf(2, 7, 1)), "");
  EXPECT_EQ(Take(AppendOf(2, 5, 2)), "5 7 ");
}

TEST_F(AppendSequenceTest, WhatIsMissingIsNotWaitedForForEver) {
  EXPECT_EQ(Take(AppendOf(2, 7, 1)), "7 ");
  EXPECT_EQ(Take(AppendOf(2, 12, 1)), "");
  EXPECT_EQ(Take(AppendOf(2, 10, 1)), "");
  EXPECT_EQ(Release(), "10 12 ");
  EXPECT_EQ(Take(AppendOf(2, 13, 1)), "13 ");
  EXPECT_EQ(Release(), "");
}

TEST_F(AppendSequenceTest, AnotherTermReleasesWhatIsHeld) {
  EXPECT_EQ(Take(AppendOf(2, 7, 1)), "7 ");
  EXPECT_EQ(Take(AppendOf(2, 12, 1)), "");
  EXPECT_EQ(Take(AppendOf(3, 20, 1)), "12 20 ");
}

TEST_F(AppendSequenceTest, WhatIsHeldIsBounded) {
  EXPECT_EQ(Take(AppendOf(2, 7, 1)), "7 ");
  EXPECT_EQ(Take(AppendOf(2, 12, 1, 10 << 20)), "");
  EXPECT_EQ(Take(AppendOf(2, 10, 1, 10 << 20)), "10 12 ");
}

}  // namespace
}  // namespace peer
