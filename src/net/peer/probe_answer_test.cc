#include "net/peer/probe_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace peer {
namespace {

TEST(ProbeAnswerTest, WhatIsEncodedIsDecoded) {
  const runtime::WallTime now{1'777'629'600'123'456'000};
  const base::Bytes text = EncodeProbeAnswer(now);
  EXPECT_EQ(text, "{\"OK\":true,\"Now\":\"2026-05-01T10:00:00.123456Z\"}\n");
  EXPECT_EQ(DecodeProbeAnswer(text).value(), now);
}

TEST(ProbeAnswerTest, TimesAreThoseOfRfc3339) {
  const auto nanos = [](std::string_view time) {
    return DecodeProbeAnswer("{\"OK\":true,\"Now\":\"" + std::string(time) + "\"}\n")
        .value()
        .unix_nanos;
  };
  EXPECT_EQ(nanos("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(nanos("2026-05-01T10:00:00.1Z"), 1'777'629'600'100'000'000);
  EXPECT_EQ(nanos("2026-05-01T10:00:00.123456789Z"), 1'777'629'600'123'456'789);
  EXPECT_EQ(nanos("2026-05-01T12:30:00+02:30"), 1'777'629'600'000'000'000);
  EXPECT_EQ(nanos("2026-04-30T23:00:00-11:00"), 1'777'629'600'000'000'000);
}

TEST(ProbeAnswerTest, AnythingElseIsRefused) {
  for (const auto* text :
       {"", "{}", "OK", "{\"OK\":true}", "{\"OK\":true,\"Now\":\"", "{\"OK\":true,\"Now\":\"now\"}",
        "{\"OK\":true,\"Now\":\"2026-13-01T10:00:00Z\"}",
        "{\"OK\":true,\"Now\":\"2026-02-30T10:00:00Z\"}",
        "{\"OK\":true,\"Now\":\"2026-05-01T24:00:00Z\"}",
        "{\"OK\":true,\"Now\":\"2026-05-01T10:00:00\"}",
        "{\"OK\":true,\"Now\":\"9999-05-01T10:00:00Z\"}",
        "{\"OK\":true,\"Now\":\"2026-05-01T10:00:00Zx\"}"}) {
    EXPECT_EQ(DecodeProbeAnswer(text).status().code(), base::Code::kDataLoss) << text;
  }
  EXPECT_EQ(DecodeProbeAnswer("{\"OK\":false,\"Now\":\"2026-05-01T10:00:00Z\"}").status().code(),
            base::Code::kUnavailable);
}

}  // namespace
}  // namespace peer
