#include "api/v3/watch_metrics.h"

#include <gtest/gtest.h>

namespace v3 {
namespace {

TEST(WatchMetricsTest, TimesOfSendingHaveEtcdsBuckets) {
  observe::Registry registry;
  WatchMetrics metrics(&registry);
  metrics.ObserveTold(/*answers=*/2, /*told=*/4, std::chrono::milliseconds(20));
  const std::string text = registry.Scrape();
  for (const char* const line :
       {"send_loop_watch_stream_duration_seconds_bucket{le=\"0.001\"} 0\n",
        "send_loop_watch_stream_duration_seconds_bucket{le=\"0.008\"} 0\n",
        "send_loop_watch_stream_duration_seconds_bucket{le=\"0.016\"} 2\n",
        "send_loop_watch_stream_duration_seconds_bucket{le=\"8.192\"} 2\n",
        "send_loop_watch_stream_duration_per_event_seconds_bucket{le=\"0.004\"} 0\n",
        "send_loop_watch_stream_duration_per_event_seconds_bucket{le=\"0.008\"} 2\n"}) {
    EXPECT_NE(text.find(line), text.npos) << line << text;
  }
}

}  // namespace
}  // namespace v3
