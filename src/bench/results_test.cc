#include "bench/results.h"

#include <gtest/gtest.h>

#include <chrono>

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ResultsTest, ErrorsAreCountedByCodeAndText) {
  Results results;
  const base::Status timed_out(base::Code::kUnavailable, "etcdserver: request timed out");
  results.RecordError(timed_out);
  results.RecordError(timed_out);
  results.RecordError(base::Status(base::Code::kUnimplemented, "unknown method"));
  EXPECT_EQ(results.done(), 0u);
  EXPECT_EQ(results.failed(), 3u);
  EXPECT_EQ(results.errors.at({base::Code::kUnavailable, "etcdserver: request timed out"}), 2u);
  EXPECT_EQ(results.errors.at({base::Code::kUnimplemented,
                               "rpc error: code = Unimplemented desc = unknown method"}),
            1u);
}

TEST(ResultsTest, SecondsOfTheCalendarAreKeptIfTheyAreWanted) {
  Results results(/*keep_seconds=*/true);
  for (const int64_t began : {1'000'000'000'000, 1'000'500'000'000, 1'001'000'000'000}) {
    results.RecordDone(seconds(0), milliseconds(1), {began});
  }
  ASSERT_EQ(results.seconds.size(), 2u);
  EXPECT_EQ(results.seconds.begin()->second.count, 2u);
  EXPECT_EQ(results.seconds.begin()->second.largest, milliseconds(1));
}

}  // namespace
}  // namespace bench
