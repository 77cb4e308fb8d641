#include "bench/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

Round Of(int requests, milliseconds latency, std::optional<double> cpu) {
  Series series{"put", Results(), seconds(1)};
  for (int i = 0; i < requests; ++i) series.results.RecordDone({}, latency, {});
  Measurement measurement{.command = "put"};
  measurement.series.push_back(std::move(series));
  return {std::move(measurement), cpu};
}

Comparison Twofold() {
  Comparison comparison{.command = "put", .endpoints_a = {"a:1"}, .endpoints_b = {"b:1"}};
  for (const int requests : {100, 400, 90}) {
    comparison.a.push_back(Of(requests, milliseconds(4), requests * 1e-5));
    comparison.b.push_back(Of(requests * 2, milliseconds(1), requests * 1e-5));
  }
  return comparison;
}

TEST(BenchComparisonTest, MediansAreCompared) {
  const std::vector<Compared> compared = Compare(Twofold());
  ASSERT_EQ(compared.size(), 5u);
  EXPECT_EQ(compared[0].name, "requests_per_second");
  EXPECT_EQ(compared[0].a, 100);
  EXPECT_EQ(compared[0].b, 200);
  EXPECT_NEAR(compared[1].Ratio(), 0.25, 1e-6);
  EXPECT_NEAR(compared[4].Ratio(), 0.5, 1e-6);
}

TEST(BenchComparisonTest, ItIsToldAsTextJsonAndCsv) {
  EXPECT_THAT(TextReport(Twofold()), HasSubstr("put, medians of 3 rounds\n  A: a:1\n  B: b:1\n"));
  EXPECT_THAT(TextReport(Twofold()),
              HasSubstr("requests_per_second                         100             200           "
                        "2.000\n"));
  EXPECT_THAT(JsonReport(Twofold()),
              HasSubstr("{\"series\": \"put\", \"name\": \"requests_per_second\", \"a\": 100, "
                        "\"b\": 200, \"ratio\": 2}"));
  EXPECT_THAT(CsvReport(Twofold()), HasSubstr("put,requests_per_second,100,200,2\n"));
}

TEST(BenchComparisonTest, AServersTimeThatIsNotKnownHasNoRatio) {
  Comparison comparison{.command = "put", .endpoints_a = {}, .endpoints_b = {}};
  comparison.a.push_back(Of(1, milliseconds(1), std::nullopt));
  comparison.b.push_back(Of(1, milliseconds(1), 1.0));
  const std::string text = TextReport(comparison);
  EXPECT_THAT(text.substr(text.find("server_cpu")), ::testing::EndsWith("-\n"));
}

}  // namespace
}  // namespace bench
