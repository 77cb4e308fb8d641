#include "observe/text_format.h"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

#include <limits>

namespace observe {
namespace {

std::string Of(double value) {
  prometheus::MetricFamily family;
  family.name = "n";
  family.help = "a \\ and\na line";
  family.type = prometheus::MetricType::Gauge;
  family.metric.resize(1);
  family.metric[0].label = {{"l", "\"q\"\n"}};
  family.metric[0].gauge.value = value;
  const std::string text = TextFormat({family});
  const std::string head = "# HELP n a \\\\ and\\na line\n# TYPE n gauge\nn{l=\"\\\"q\\\"\\n\"} ";
  EXPECT_TRUE(text.starts_with(head)) << text;
  return text.substr(head.size(), text.size() - head.size() - 1);
}

TEST(TextFormatTest, NumbersAreAsGoPrintsThem) {
  EXPECT_EQ(Of(0), "0");
  EXPECT_EQ(Of(0.1), "0.1");
  EXPECT_EQ(Of(-12.5), "-12.5");
  EXPECT_EQ(Of(0.0001), "0.0001");
  EXPECT_EQ(Of(0.00001), "1e-05");
  EXPECT_EQ(Of(999999), "999999");
  EXPECT_EQ(Of(1048576), "1.048576e+06");
  EXPECT_EQ(Of(2147483648), "2.147483648e+09");
  EXPECT_EQ(Of(18446744073709551615.0), "1.8446744073709552e+19");
  EXPECT_EQ(Of(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(Of(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(TextFormatTest, AHistogramsBoundComesBehindItsLabels) {
  prometheus::MetricFamily family;
  family.name = "n";
  family.type = prometheus::MetricType::Histogram;
  family.metric.resize(1);
  family.metric[0].label = {{"z", "1"}};
  family.metric[0].histogram.bucket = {{1, 0.5}, {3, std::numeric_limits<double>::infinity()}};
  family.metric[0].histogram.sample_count = 3;
  family.metric[0].histogram.sample_sum = 2.5;
  EXPECT_EQ(TextFormat({family}),
            "# HELP n \n# TYPE n histogram\nn_bucket{z=\"1\",le=\"0.5\"} 1\n"
            "n_bucket{z=\"1\",le=\"+Inf\"} 3\nn_sum{z=\"1\"} 2.5\nn_count{z=\"1\"} 3\n");
}

}  // namespace
}  // namespace observe
