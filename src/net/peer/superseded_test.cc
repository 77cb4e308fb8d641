#include "net/peer/superseded.h"

#include <gtest/gtest.h>

#include <string>

namespace peer {
namespace {

raft::Message MessageOf(raft::MessageType type, uint64_t to, uint64_t term, uint64_t index,
                        bool reject = false) {
  raft::Message message{.type = type, .reject = reject, .to = base::MemberId(to)};
  message.term = base::Term(term);
  message.index = base::Index(index);
  return message;
}

std::string Kept(std::vector<raft::Message> messages) {
  RemoveSuperseded(&messages);
  std::string text;
  for (const raft::Message& message : messages) text += ToString(message.index) + " ";
  return text;
}

TEST(SupersededTest, OfAcknowledgementsTheFurthestIsKept) {
  constexpr auto kAnswer = raft::MessageType::kAppResp;
  EXPECT_EQ(
      Kept({MessageOf(kAnswer, 1, 2, 7), MessageOf(kAnswer, 1, 2, 9), MessageOf(kAnswer, 1, 2, 8)}),
      "9 ");
  EXPECT_EQ(Kept({MessageOf(kAnswer, 1, 2, 7), MessageOf(kAnswer, 1, 2, 7)}), "7 ");
  EXPECT_EQ(Kept({}), "");
}

TEST(SupersededTest, WhatSaysSomethingElseStays) {
  constexpr auto kAnswer = raft::MessageType::kAppResp;
  EXPECT_EQ(Kept({MessageOf(kAnswer, 1, 2, 7), MessageOf(kAnswer, 1, 2, 5, /*reject=*/true),
                  MessageOf(kAnswer, 1, 3, 6), MessageOf(kAnswer, 4, 2, 3),
                  MessageOf(raft::MessageType::kHeartbeatResp, 1, 2, 1),
                  MessageOf(raft::MessageType::kHeartbeatResp, 1, 2, 0)}),
            "7 5 6 3 1 0 ");
}

}  // namespace
}  // namespace peer
