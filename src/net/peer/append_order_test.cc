#include "net/peer/append_order.h"

#include <gtest/gtest.h>

#include <string>

namespace peer {
namespace {

raft::Message MessageOf(raft::MessageType type, uint64_t term, uint64_t index) {
  raft::Message message{.type = type, .from = base::MemberId(1), .term = base::Term(term)};
  message.index = base::Index(index);
  return message;
}

std::string Sorted(std::vector<raft::Message> messages) {
  SortAppends(&messages);
  std::string text;
  for (const raft::Message& message : messages) {
    text += message.type == raft::MessageType::kApp ? "a" : "h";
    text += ToString(message.term) + "/" + ToString(message.index) + " ";
  }
  return text;
}

TEST(AppendOrderTest, AppendsThatCameInReverseAreTurnedRound) {
  constexpr auto kApp = raft::MessageType::kApp;
  EXPECT_EQ(Sorted({MessageOf(kApp, 2, 9), MessageOf(kApp, 2, 7), MessageOf(kApp, 2, 5)}),
            "a2/5 a2/7 a2/9 ");
  EXPECT_EQ(Sorted({}), "");
}

TEST(AppendOrderTest, WhatIsBetweenAppendsStaysThere) {
  constexpr auto kApp = raft::MessageType::kApp;
  constexpr auto kHeartbeat = raft::MessageType::kHeartbeat;
  EXPECT_EQ(Sorted({MessageOf(kHeartbeat, 2, 0), MessageOf(kApp, 2, 9), MessageOf(kApp, 2, 7),
                    MessageOf(kHeartbeat, 2, 0), MessageOf(kApp, 2, 5), MessageOf(kApp, 2, 4)}),
            "h2/0 a2/7 a2/9 h2/0 a2/4 a2/5 ");
}

TEST(AppendOrderTest, AnotherTermBeginsAnotherRun) {
  constexpr auto kApp = raft::MessageType::kApp;
  EXPECT_EQ(Sorted({MessageOf(kApp, 2, 9), MessageOf(kApp, 2, 7), MessageOf(kApp, 3, 8),
                    MessageOf(kApp, 3, 2)}),
            "a2/7 a2/9 a3/2 a3/8 ");
}

}  // namespace
}  // namespace peer
