#include "ctl/measured_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace ctl {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const auto kNever = [] { return false; };

class MeasuredCallsTest : public ::testing::Test {
 protected:
  runtime::posix::Parker parker_;
};

TEST_F(MeasuredCallsTest, EachCallIsMadeOnceByAClientThatIsFree) {
  std::vector<std::pair<size_t, uint64_t>> calls;
  std::set<size_t> busy;
  MeasuredCalls measured(
      /*kinds=*/1, {.clients = 3, .total = 100},
      [&](size_t client, uint64_t number, const MeasuredCalls::Ended& ended) {
        calls.emplace_back(client, number);
        EXPECT_TRUE(busy.insert(client).second);
        busy.erase(client);
        ended("");
      },
      &parker_);
  measured.Wait(kNever);
  ASSERT_EQ(calls.size(), 100u);
  for (size_t i = 0; i < calls.size(); ++i) {
    EXPECT_LT(calls[i].first, 3u);
    EXPECT_EQ(calls[i].second, i);
  }
  EXPECT_EQ(measured.answered(), 100u);
  EXPECT_EQ(measured.results().front().latencies.count(), 100u);
  EXPECT_GT(measured.seconds(), 0);
}

TEST_F(MeasuredCallsTest, KindsTakeTurnsAndHaveResultsOfTheirOwn) {
  MeasuredCalls measured(
      /*kinds=*/3, {.clients = 2, .total = 10},
      [](size_t, uint64_t number, const MeasuredCalls::Ended& ended) {
        ended(number % 3 == 2 ? "no" : "");
      },
      &parker_);
  measured.Wait(kNever);
  const std::vector<CallResults> results = measured.results();
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].latencies.count(), 4u);
  EXPECT_THAT(results[0].errors, IsEmpty());
  EXPECT_EQ(results[1].latencies.count(), 3u);
  EXPECT_EQ(results[2].latencies.count(), 0u);
  EXPECT_THAT(results[2].errors, ElementsAre(Pair("no", 3)));
  EXPECT_EQ(results[2].failed(), 3u);
  EXPECT_EQ(measured.answered(), 10u);
}

TEST_F(MeasuredCallsTest, ErrorsAreCountedByTheirText) {
  MeasuredCalls measured(
      /*kinds=*/1, {.clients = 1, .total = 5},
      [](size_t, uint64_t number, const MeasuredCalls::Ended& ended) {
        ended(number == 0 ? "first" : "later");
      },
      &parker_);
  measured.Wait(kNever);
  const CallResults results = measured.results().front();
  EXPECT_THAT(results.errors, ElementsAre(Pair("first", 1), Pair("later", 4)));
  EXPECT_EQ(results.failed(), 5u);
}

TEST_F(MeasuredCallsTest, ACallMayEndOnAnotherThreadAndItsTimeIsMeasured) {
  std::vector<std::thread> threads;
  MeasuredCalls measured(
      /*kinds=*/1, {.clients = 2, .total = 4},
      [&](size_t, uint64_t, const MeasuredCalls::Ended& ended) {
        threads.emplace_back([ended] {
          std::this_thread::sleep_for(milliseconds(20));
          ended("");
        });
      },
      &parker_);
  measured.Wait(kNever);
  for (std::thread& thread : threads) thread.join();
  const CallResults results = measured.results().front();
  EXPECT_EQ(results.latencies.count(), 4u);
  EXPECT_GE(results.latencies.largest(), milliseconds(20));
  // Two of them beside each other, twice.
  EXPECT_GE(measured.seconds(), 0.04);
}

TEST_F(MeasuredCallsTest, OnceThereAreEnoughNoFurtherOneBegins) {
  size_t begun = 0;
  size_t asked = 0;
  MeasuredCalls measured(
      /*kinds=*/1, {.clients = 1},
      [&](size_t, uint64_t, const MeasuredCalls::Ended& ended) {
        if (++begun == 7) parker_.Unpark();
        ended("");
      },
      &parker_);
  measured.Wait([&] {
    ++asked;
    return measured.answered() > 0;
  });
  EXPECT_GE(asked, 1u);
  EXPECT_GE(begun, 7u);
  EXPECT_EQ(measured.answered(), begun);
  EXPECT_EQ(measured.results().front().latencies.count(), begun);
}

TEST_F(MeasuredCallsTest, WhetherThereAreEnoughIsAskedAgainAfterEachPeriod) {
  size_t asked = 0;
  MeasuredCalls measured(
      /*kinds=*/1, {.clients = 1, .rate = 100},
      [](size_t, uint64_t, const MeasuredCalls::Ended& ended) { ended(""); }, &parker_);
  measured.Wait([&] { return ++asked == 3; }, milliseconds(10));
  EXPECT_GE(asked, 3u);
  EXPECT_GE(measured.seconds(), 0);
}

}  // namespace
}  // namespace ctl
