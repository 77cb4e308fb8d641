#include "bench/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

Series Rising(const std::string& name) {
  Series series{name, Results(), seconds(1)};
  for (int i = 0; i < 100; ++i) {
    series.results.RecordDone(milliseconds(10) * i, milliseconds(1 + i), {});
  }
  return series;
}

TEST(BenchPlotTest, EachSeriesHasThreeLinesOverTimeAndOneOverPercentile) {
  const std::string plot =
      Plot({.command = "txn-mixed", .series = {Rising("read"), Rising("write")}});
  for (const char* const color : {"c0", "c1"}) {
    for (const char* const kind : {"p50", "p99", "max", "percentiles"}) {
      EXPECT_EQ(CountOf(plot, std::string("line ") + color + " " + kind), 1u) << color << kind;
    }
  }
  EXPECT_THAT(plot, HasSubstr(">write</text>"));
  EXPECT_THAT(plot, HasSubstr(">1ms</text>"));
  EXPECT_THAT(plot, HasSubstr(">99.999%</text>"));
  EXPECT_THAT(plot, HasSubstr("prefers-color-scheme: dark"));
}

TEST(BenchPlotTest, TheTimeAxisIsDividedEvenlyFromTheBeginningToTheEnd) {
  Series series{"put", Results(), seconds(2)};
  series.results.RecordDone(milliseconds(0), milliseconds(1), {});
  series.results.RecordDone(milliseconds(1999), milliseconds(1), {});
  const std::string plot = Plot({.command = "put", .series = {series}});
  std::vector<double> places;
  for (const char* const label : {"0s", "0.4s", "0.8s", "1.2s", "1.6s", "2s"}) {
    const size_t end = plot.find("\" text-anchor=\"middle\">" + std::string(label) + "</text>");
    ASSERT_NE(end, std::string::npos) << label;
    places.push_back(std::stod(plot.substr(plot.rfind(" x=\"", end) + 4)));
  }
  for (size_t i = 1; i < places.size(); ++i) {
    EXPECT_NEAR(places[i] - places[i - 1], (places[5] - places[0]) / 5, 0.1);
  }
  EXPECT_GT(places[5], places[0]);
}

// The y axis points down.
TEST(BenchPlotTest, WhatTookLongerStandsHigher) {
  const std::string plot = Plot({.command = "put", .series = {Rising("put")}});
  const size_t line = plot.find("c0 p50");
  const size_t points = plot.find("points=\"", line);
  const size_t end = plot.find('"', points + 8);
  const std::string text = plot.substr(points + 8, end - points - 8);
  const double first = std::stod(text.substr(text.find(',') + 1));
  const double last = std::stod(text.substr(text.rfind(',') + 1));
  EXPECT_GT(first, last);
}

TEST(BenchPlotTest, WithoutAMeasuredRequestItIsAPictureStill) {
  const std::string plot = Plot({.command = "put", .series = {{"<&>", Results(), {}}}});
  EXPECT_THAT(plot, HasSubstr("&lt;&amp;>"));
  EXPECT_THAT(plot, Not(HasSubstr("nan")));
  EXPECT_TRUE(plot.ends_with("</svg>\n"));
}

}  // namespace
}  // namespace bench
