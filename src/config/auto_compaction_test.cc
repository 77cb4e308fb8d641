#include "config/auto_compaction.h"

#include <gtest/gtest.h>

namespace config {
namespace {

TEST(AutoCompactionTest, ANumberIsHoursOrRevisions) {
  EXPECT_EQ(ParseAutoCompaction("periodic", "2")->period, std::chrono::hours(2));
  EXPECT_EQ(ParseAutoCompaction("periodic", "30m")->period, std::chrono::minutes(30));
  EXPECT_EQ(ParseAutoCompaction("periodic", "2")->revisions, 0);
  EXPECT_EQ(ParseAutoCompaction("revision", "1000")->revisions, 1000);
  EXPECT_EQ(ParseAutoCompaction("revision", "1000")->period, Duration(0));
  EXPECT_EQ(ParseAutoCompaction("revision", "1us")->revisions, 1000);
  for (const char* mode : {"periodic", "revision"}) {
    for (const char* nothing : {"0", "0h", "0s"}) {
      const auto parsed = ParseAutoCompaction(mode, nothing);
      EXPECT_EQ(parsed->period, Duration(0));
      EXPECT_EQ(parsed->revisions, 0);
    }
  }
}

TEST(AutoCompactionTest, WhatCannotBeIsRefused) {
  const auto refusal = [](const char* mode, const char* retention) {
    return std::string(ParseAutoCompaction(mode, retention).status().message());
  };
  EXPECT_EQ(refusal("", "1"), "undefined auto-compaction-mode");
  EXPECT_EQ(refusal("x", "1"), "unknown auto-compaction-mode \"x\"");
  EXPECT_EQ(refusal("periodic", "x"),
            "error parsing CompactionRetention: time: invalid duration \"x\"");
  EXPECT_EQ(refusal("periodic", "-1h"),
            "error parsing CompactionRetention: -1h is less than nothing");
  EXPECT_EQ(refusal("periodic", "9999999"),
            "error parsing CompactionRetention: too many hours: 9999999");
}

}  // namespace
}  // namespace config
