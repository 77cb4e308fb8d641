#include "ctl/metrics_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ctl {
namespace {

TEST(MetricsTextTest, SamplesHaveTheirLabelsAndValues) {
  const MetricsText page(
      "# HELP a What it is\n# TYPE a gauge\n"
      "a 1.5\n"
      "b{x=\"1\",y=\"a \\\"b\\\" \\\\ \\n\"} 2e3\n"
      "b{x=\"2\"} 4 1700000000000\n"
      "d{x=\"\\\\n\"} 1\n");
  EXPECT_EQ(page.Value("a"), 1.5);
  ASSERT_EQ(page.Samples("b").size(), 2u);
  EXPECT_EQ(page.Samples("b")[0].labels.at("y"), "a \"b\" \\ \n");
  EXPECT_EQ(page.Sum("b"), 2004);
  EXPECT_EQ(page.Sum("b", {{"x", "2"}}), 4);
  EXPECT_EQ(page.Sum("b", {{"x", "3"}}), std::nullopt);
  EXPECT_EQ(page.Samples("d")[0].labels.at("x"), "\\n");
  EXPECT_EQ(page.Value("c"), std::nullopt);
  EXPECT_TRUE(page.Samples("c").empty());
}

TEST(MetricsTextTest, LinesThatAreNoneArePassedOver) {
  const MetricsText page(
      "\n{\na\na{x\na{x=\na{x=\"1\na{x=\"1\\\na{x=\"1\"}\na{x=\"1\"} b\na 7\nlast{} 1");
  EXPECT_EQ(page.Samples("a").size(), 1u);
  EXPECT_EQ(page.Value("a"), 7);
  EXPECT_EQ(page.Value("last"), 1);
}

TEST(MetricsTextTest, AQuantileIsTheLimitOfItsBucketOverAllSeries) {
  const MetricsText page(
      "h_bucket{to=\"1\",le=\"0.1\"} 50\nh_bucket{to=\"1\",le=\"1\"} 60\n"
      "h_bucket{to=\"1\",le=\"+Inf\"} 60\n"
      "h_bucket{to=\"2\",le=\"0.1\"} 30\nh_bucket{to=\"2\",le=\"1\"} 39\n"
      "h_bucket{to=\"2\",le=\"+Inf\"} 40\n"
      "none_bucket{le=\"1\"} 0\nnone_bucket{le=\"+Inf\"} 0\n");
  EXPECT_EQ(page.Quantile("h", 0.5), 0.1);
  EXPECT_EQ(page.Quantile("h", 0.99), 1);
  EXPECT_TRUE(std::isinf(*page.Quantile("h", 1)));
  EXPECT_EQ(page.Quantile("none", 0.5), std::nullopt);
  EXPECT_EQ(page.Quantile("absent", 0.5), std::nullopt);
}

TEST(MetricsTextTest, QuantilesSinceAnEarlierPageLeaveOutWhatWasBefore) {
  const MetricsText before(
      "h_bucket{le=\"1\"} 100\nh_bucket{le=\"2\"} 100\nh_bucket{le=\"+Inf\"} 100\n");
  const MetricsText now(
      "h_bucket{le=\"1\"} 100\nh_bucket{le=\"2\"} 110\nh_bucket{le=\"+Inf\"} 110\n");
  EXPECT_EQ(now.Quantile("h", 0.5), 1);
  EXPECT_EQ(now.QuantileSince(before, "h", 0.5), 2);
  EXPECT_FALSE(now.QuantileSince(now, "h", 0.5).has_value());
}

}  // namespace
}  // namespace ctl
