#include "discovery/client_rates.h"

#include <gtest/gtest.h>

namespace discovery {
namespace {

using std::chrono::seconds;

TEST(ClientRatesTest, AMinutesWorthMayComeAtOnceAndThenAtTheRate) {
  ClientRates rates(4, 10);
  runtime::TimePoint now(seconds(100));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(rates.Ask("a", now), seconds(0));
  EXPECT_EQ(rates.Ask("a", now), seconds(15));
  EXPECT_EQ(rates.Ask("b", now), seconds(0));
  now += seconds(14);
  EXPECT_EQ(rates.Ask("a", now), seconds(1));
  now += seconds(1);
  EXPECT_EQ(rates.Ask("a", now), seconds(0));
  EXPECT_EQ(rates.Ask("a", now), seconds(15));
}

TEST(ClientRatesTest, WhoCameLastIsRemembered) {
  ClientRates rates(1, 2);
  const runtime::TimePoint now(seconds(100));
  for (const char* const address : {"a", "b", "a", "c"}) (void)rates.Ask(address, now);
  EXPECT_EQ(rates.clients(), 2u);
  EXPECT_EQ(rates.Ask("b", now), seconds(0));  // forgotten, and so c is the one before
  EXPECT_EQ(rates.Ask("c", now), seconds(60));
}

TEST(ClientRatesTest, WithoutALimitNobodyIsCounted) {
  ClientRates rates(0, 2);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(rates.Ask("a", runtime::TimePoint(seconds(1))), seconds(0));
  }
  EXPECT_EQ(rates.clients(), 0u);
}

}  // namespace
}  // namespace discovery
