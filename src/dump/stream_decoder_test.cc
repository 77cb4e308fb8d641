#include "dump/stream_decoder.h"

#include <gtest/gtest.h>

namespace dump {
namespace {

TEST(StreamDecoderTest, AnswersLineByLine) {
  const auto decoder = StreamDecoder::Start("sed -u s/^/OK|/");
  ASSERT_TRUE(decoder.ok()) << decoder.status().ToString();
  EXPECT_EQ((*decoder)->Decode("\1\xff").value(), "OK|01ff");
  EXPECT_EQ((*decoder)->Decode("").value(), "OK|");
  EXPECT_EQ((*decoder)->Decode(std::string(300'000, 'a')).value()->size(), 600'003u);
  EXPECT_TRUE((*decoder)->Finish().ok());
}

TEST(StreamDecoderTest, OneThatEndsAnswersNothing) {
  const auto decoder = StreamDecoder::Start("false");
  ASSERT_TRUE(decoder.ok());
  EXPECT_EQ((*decoder)->Decode("a").value(), std::nullopt);
  EXPECT_EQ((*decoder)->Finish().message(), "exit status 1");
}

TEST(StreamDecoderTest, OneThatIsNotThereIsTold) {
  EXPECT_EQ(StreamDecoder::Start("no-such-decoder -x").status().message(),
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
