#include "observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace observe {
namespace {

constexpr Family kRequests{"requests_total", "Requests that were answered."};
constexpr Family kDepth{"depth", "Requests that wait."};
constexpr Family kSeconds{"seconds", "How long they take."};

bool HasLine(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(MetricsTest, ScrapesInPrometheusTextFormat) {
  Registry registry;
  registry.AddCounter(kRequests, {{"type", "Put"}}).Add(3);
  EXPECT_EQ(registry.Scrape(),
            "# HELP requests_total Requests that were answered.\n"
            "# TYPE requests_total counter\n"
            "requests_total{type=\"Put\"} 3\n");
}

TEST(MetricsTest, SumsTheCellsOfEqualLabels) {
  Registry registry;
  Counter one = registry.AddCounter(kRequests, {{"type", "Put"}});
  Counter two = registry.AddCounter(kRequests, {{"type", "Put"}});
  Counter other = registry.AddCounter(kRequests, {{"type", "Range"}});
  one.Add();
  two.Add(2);
  other.Add(5);
  const std::string text = registry.Scrape();
  EXPECT_TRUE(HasLine(text, "requests_total{type=\"Put\"} 3")) << text;
  EXPECT_TRUE(HasLine(text, "requests_total{type=\"Range\"} 5")) << text;
}

TEST(MetricsTest, LabelsComeInTheOrderOfTheirNames) {
  Registry registry;
  registry.AddCounter(kRequests, {{"type", "Put"}, {"success", "true"}}).Add(3);
  registry.AddCounter(kRequests, {{"type", "Get"}, {"success", "true"}});
  registry.AddCounter(kRequests, {{"type", "Get"}, {"success", "false"}});
  const std::string text = registry.Scrape();
  EXPECT_THAT(text, ::testing::EndsWith("requests_total{success=\"false\",type=\"Get\"} 0\n"
                                        "requests_total{success=\"true\",type=\"Get\"} 0\n"
                                        "requests_total{success=\"true\",type=\"Put\"} 3\n"));
}

TEST(MetricsTest, AGaugeIsTheSumOfWhatItsWritersSet) {
  Registry registry;
  Gauge one = registry.AddGauge(kDepth);
  Gauge two = registry.AddGauge(kDepth);
  one.Set(10);
  one.Add(-3);
  two.Set(1.5);
  EXPECT_TRUE(HasLine(registry.Scrape(), "depth 8.5"));
}

TEST(MetricsTest, HistogramsCountWhatIsAtMostABound) {
  Registry registry;
  Histogram histogram = registry.AddHistogram(kSeconds, Buckets::Exponential(1, 2, 3));
  for (const double value : {0.5, 1.0, 1.5, 4.0, 100.0}) histogram.Observe(value);
  histogram.Observe(std::chrono::milliseconds(2500));
  const std::string text = registry.Scrape();
  for (const char* line :
       {"seconds_bucket{le=\"1\"} 2", "seconds_bucket{le=\"2\"} 3", "seconds_bucket{le=\"4\"} 5",
        "seconds_bucket{le=\"+Inf\"} 6", "seconds_count 6", "seconds_sum 109.5"}) {
    EXPECT_TRUE(HasLine(text, line)) << line << "\n" << text;
  }
}

TEST(MetricsTest, BoundsAreWrittenAsGoWritesThem) {
  Registry registry;
  registry.AddHistogram(kSeconds, Buckets::Exponential(0.0001, 2, 20));
  const std::string text = registry.Scrape();
  for (const char* bound : {"0.0001", "0.0002", "0.0016", "0.1024", "52.4288", "+Inf"}) {
    EXPECT_NE(text.find("{le=\"" + std::string(bound) + "\"} 0\n"), std::string::npos) << text;
  }
}

TEST(MetricsTest, FamiliesComeInTheOrderOfTheirNames) {
  Registry registry;
  registry.AddCounter(kRequests);
  registry.AddCollector([](Samples& samples) {
    samples.Add({"middle", "In between."}, MetricType::kGauge, 1, {{"a", "b"}});
    samples.Add({"middle", "In between."}, MetricType::kGauge, 2, {{"a", "c"}});
  });
  registry.AddGauge(kDepth);
  const std::string text = registry.Scrape();
  const size_t depth = text.find("# HELP depth");
  const size_t middle = text.find("# HELP middle");
  EXPECT_LT(depth, middle);
  EXPECT_LT(middle, text.find("# HELP requests_total"));
  EXPECT_TRUE(HasLine(text, "middle{a=\"c\"} 2")) << text;
}

TEST(MetricsTest, CollectorsRunAtEveryScrape) {
  Registry registry;
  int scrapes = 0;
  registry.AddCollector(
      [&](Samples& samples) { samples.Add(kDepth, MetricType::kGauge, ++scrapes); });
  EXPECT_TRUE(HasLine(registry.Scrape(), "depth 1"));
  EXPECT_TRUE(HasLine(registry.Scrape(), "depth 2"));
}

TEST(MetricsTest, LabelValuesAreEscaped) {
  Registry registry;
  registry.AddCounter(kRequests, {{"type", "a\"b\\c\nd"}});
  EXPECT_TRUE(HasLine(registry.Scrape(), "requests_total{type=\"a\\\"b\\\\c\\nd\"} 0"));
}

TEST(MetricsTest, NothingIsLostWhenThreadsCountWhileOthersScrape) {
  constexpr int kThreads = 4;
  constexpr int kCounts = 20000;
  Registry registry;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&registry] {
      Counter counter = registry.AddCounter(kRequests);
      Histogram histogram = registry.AddHistogram(kSeconds, Buckets::Exponential(1, 2, 3));
      for (int j = 0; j < kCounts; ++j) {
        counter.Add();
        histogram.Observe(1.0);
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(registry.Scrape().find("nan"), std::string::npos);
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(HasLine(registry.Scrape(), "requests_total 80000"));
  EXPECT_TRUE(HasLine(registry.Scrape(), "seconds_count 80000"));
}

TEST(MetricsDeathTest, AFamilyKeepsItsTypeHelpAndLabelNames) {
  Registry registry;
  registry.AddCounter(kRequests, {{"type", "Put"}});
  EXPECT_DEATH(registry.AddGauge(kRequests, {{"type", "Put"}}), "type");
  EXPECT_DEATH(registry.AddCounter({"requests_total", "Another."}, {{"type", "Put"}}), "help");
  EXPECT_DEATH(registry.AddCounter(kRequests, {{"kind", "Put"}}), "SameNames");
}

}  // namespace
}  // namespace observe
