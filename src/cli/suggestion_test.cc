#include "cli/suggestion.h"

#include <gtest/gtest.h>

namespace cli {
namespace {

TEST(SuggestionTest, AWordWithASlipIsMeantForTheNearest) {
  EXPECT_EQ(DidYouMean("tabel", {"simple", "json", "table"}), "\nDid you mean this?\n\ttable\n");
  EXPECT_EQ(DidYouMean("endpoint", {"dial-timeout", "endpoints"}, "--"),
            "\nDid you mean this?\n\t--endpoints\n");
  EXPECT_EQ(DidYouMean("lst", {"list", "last", "lost", "lest"}),
            "\nDid you mean this?\n\tlast\n\tlest\n\tlist\n");
  EXPECT_EQ(DidYouMean("nwe", {"new", "existing"}), "\nDid you mean this?\n\tnew\n");
  EXPECT_EQ(DidYouMean("TABEL", {"table"}), "\nDid you mean this?\n\ttable\n");
}

TEST(SuggestionTest, WhatIsBegunMayBeMeant) {
  EXPECT_EQ(DidYouMean("keepalive", {"keepalive-timeout", "key"}),
            "\nDid you mean this?\n\tkeepalive-timeout\n");
  EXPECT_EQ(DidYouMean("ke", {"keepalive-timeout"}), "");
}

TEST(SuggestionTest, WhatResemblesNothingIsMeantForNothing) {
  EXPECT_EQ(DidYouMean("xml", {"json", "table"}), "");
  EXPECT_EQ(DidYouMean("", {"json"}), "");
  EXPECT_EQ(DidYouMean("q", {"s", "m", "l", "xl"}), "");
  EXPECT_EQ(DidYouMean("json", {"json", "jsons"}), "");
  EXPECT_EQ(DidYouMean("JSON", {"json", "jsons"}), "");
  EXPECT_EQ(DidYouMean("json", {}), "");
}

TEST(SuggestionTest, CommandsResembleWhatCobraThinks) {
  EXPECT_TRUE(Resembles("", "get"));
  EXPECT_TRUE(Resembles("ge", "get"));
  EXPECT_TRUE(Resembles("gte", "get"));
  EXPECT_FALSE(Resembles("xyzzy", "get"));
}

}  // namespace
}  // namespace cli
