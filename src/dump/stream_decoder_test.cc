#include "dump/stream_decoder.h"

#include <gtest/gtest.h>

namespace dump {
namespace {

std::unique_ptr<StreamDecoder> Started(const std::string& command,
                                       const StreamDecoder::Limits& limits = {}) {
  auto decoder = StreamDecoder::Start(command, limits);
  EXPECT_TRUE(decoder.ok()) << decoder.status().ToString();
  return *std::move(decoder);
}

StreamDecoder::Limits Impatient() {
  return {.patience = std::chrono::milliseconds(100), .unread_bytes_max = size_t{1} << 20};
}

std::string Bytes(size_t size) {
  return std::string(size, 'a');
}

TEST(StreamDecoderTest, AnswersLineByLine) {
  const auto decoder = Started("sed -u s/^/OK|/");
  EXPECT_EQ(decoder->Decode("\1\xff").value(), "OK|01ff");
  EXPECT_EQ(decoder->Decode("").value(), "OK|");
  EXPECT_EQ(decoder->Decode(Bytes(300'000)).value().size(), 600'003u);
  EXPECT_TRUE(decoder->Finish().ok());
}

TEST(StreamDecoderTest, MayAnswerWhileItStillReads) {
  const auto decoder = Started("cat");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(decoder->Decode(Bytes(1'000'000)).value().size(), 2'000'000u);
  EXPECT_EQ(decoder->Decode("\1").value(), "01");
  EXPECT_TRUE(decoder->Finish().ok());
}

TEST(StreamDecoderTest, OneThatEndsAnswersNothing) {
  const auto decoder = Started("false");
  const base::Status status = decoder->Decode("a").status();
  EXPECT_EQ(status.code(), base::Code::kUnavailable);
  EXPECT_EQ(status.message(), "it has ended before it answered: exit status 1");
}

TEST(StreamDecoderTest, WhatItHasAnsweredBeforeItsEndCounts) {
  const auto decoder = Started("head -n1");
  EXPECT_EQ(decoder->Decode("a").value(), "61");
  EXPECT_EQ(decoder->Decode(Bytes(300'000)).status().message(), "it has ended before it answered");
}

TEST(StreamDecoderTest, OneThatReadsNothingIsGivenUp) {
  const auto decoder = Started("sleep 1000", Impatient());
  const base::Status status = decoder->Decode(Bytes(300'000)).status();
  EXPECT_EQ(status.code(), base::Code::kDeadlineExceeded);
  EXPECT_TRUE(status.message().starts_with("it has neither read nor answered anything for 100ms"))
      << status.message();
  EXPECT_EQ(decoder->Finish().message(), "signal: killed");
}

TEST(StreamDecoderTest, OneThatAnswersTooFewLinesIsGivenUp) {
  const auto decoder = Started("sed -u n;d", Impatient());
  EXPECT_EQ(decoder->Decode("a").value(), "61");
  EXPECT_EQ(decoder->Decode("b").status().code(), base::Code::kDeadlineExceeded);
}

TEST(StreamDecoderTest, WhatItWritesIsBounded) {
  const auto decoder = Started("yes", Impatient());
  EXPECT_EQ(decoder->Decode(Bytes(300'000)).status().code(), base::Code::kResourceExhausted);
}

TEST(StreamDecoderTest, OneThatDoesNotEndIsKilled) {
  EXPECT_EQ(Started("sleep 1000", Impatient())->Finish().message(),
            "it has not ended for 100ms after the end of its input");
  EXPECT_EQ(Started("yes", Impatient())->Finish().message(),
            "it goes on writing after the answer to the last line");
}

TEST(StreamDecoderTest, WhatItWritesAfterItsLastAnswerIsPassedOver) {
  const auto decoder = Started("sed -u p;p;p");
  EXPECT_EQ(decoder->Decode("a").value(), "61");
  EXPECT_TRUE(decoder->Finish().ok());
}

TEST(StreamDecoderTest, OneThatIsNotThereIsTold) {
  EXPECT_EQ(StreamDecoder::Start("no-such-decoder -x", {}).status().message(),
            "exec: \"no-such-decoder\": executable file not found in $PATH");
}

TEST(StreamDecoderTest, AnswersAreSplitAtTheirBar) {
  EXPECT_EQ(SplitAnswer("OK|a").status, "OK");
  EXPECT_EQ(SplitAnswer("OK|a").data, "a");
  EXPECT_EQ(SplitAnswer("a").status, "decoder output format is not right, print output anyway");
  EXPECT_EQ(SplitAnswer("a").data, "a");
  EXPECT_EQ(SplitAnswer("OK|a|b").status,
            "OK(*WARNING: data might contain deliminator used by etcd-dump-logs)");
  EXPECT_EQ(SplitAnswer("OK|a|b").data, "ab");
}

}  // namespace
}  // namespace dump
