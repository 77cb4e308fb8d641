#include "net/http/stream_history.h"

#include <gtest/gtest.h>

#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using Verdict = StreamHistory::Verdict;

class StreamHistoryTest : public ::testing::Test {
 protected:
  Verdict Headers(uint32_t id, uint8_t flags = 0) {
    return history_.OnFrame({kHeaders, flags, 10, id});
  }
  Verdict Data(uint32_t id, uint8_t flags = 0) { return history_.OnFrame({kData, flags, 10, id}); }
  void Reset(uint32_t id) { EXPECT_EQ(history_.OnFrame({kReset, 0, 4, id}), Verdict::kFine); }

  StreamHistory history_;
};

TEST_F(StreamHistoryTest, AnOpenStreamTakesDataAndTrailers) {
  EXPECT_EQ(Headers(1), Verdict::kFine);
  EXPECT_EQ(Data(1), Verdict::kFine);
  EXPECT_EQ(Headers(1, kEndStream), Verdict::kFine);
}

TEST_F(StreamHistoryTest, NothingFollowsTheEndOfAStream) {
  Headers(1, kEndStream);
  EXPECT_EQ(Data(1), Verdict::kEnded);
  Headers(3);
  Data(3, kEndStream);
  EXPECT_EQ(Headers(3), Verdict::kEnded);
  Headers(5);
  Reset(5);
  EXPECT_EQ(Data(5), Verdict::kEnded);
  EXPECT_EQ(history_.OnFrame({kPriority, 0, 5, 5}), Verdict::kFine);
  EXPECT_EQ(history_.OnFrame({kWindowUpdate, 0, 4, 5}), Verdict::kFine);
}

TEST_F(StreamHistoryTest, AStreamThatWasPassedOverCannotBeOpened) {
  Headers(1);
  Headers(5);
  EXPECT_EQ(Headers(3), Verdict::kPassedOver);
  EXPECT_EQ(Data(3), Verdict::kPassedOver);
}

TEST_F(StreamHistoryTest, DataOpenNothing) {
  EXPECT_EQ(Data(1, kEndStream), Verdict::kFine);
  EXPECT_EQ(Headers(1), Verdict::kFine);
}

TEST_F(StreamHistoryTest, KnowsNothingOfStreamsLongAgo) {
  Headers(1, kEndStream);
  for (uint32_t id = 3; id <= 63; id += 2) Headers(id);
  EXPECT_EQ(Data(1), Verdict::kEnded);
  Headers(65);  // takes its place
  EXPECT_EQ(Data(1), Verdict::kFine);
}

TEST_F(StreamHistoryTest, AStreamThatEndsLateDoesNotSpeakForTheOneInItsPlace) {
  Headers(1);
  Headers(65);
  Data(1, kEndStream);
  EXPECT_EQ(Data(65), Verdict::kFine);
}

TEST_F(StreamHistoryTest, PassingOverManyForgetsAllBefore) {
  Headers(1, kEndStream);
  Headers(0x7fffffff);
  EXPECT_EQ(Data(1), Verdict::kFine);
  EXPECT_EQ(Data(0x7ffffffd), Verdict::kPassedOver);
}

}  // namespace
}  // namespace http::testing
