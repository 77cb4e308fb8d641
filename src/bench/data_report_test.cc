#include "bench/data_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

Measurement Hundred() {
  Measurement measurement{.command = "put",
                          .endpoints = {"127.0.0.1:2379", "[::1]:2379"},
                          .connections = 2,
                          .clients = 10,
                          .rate = 50};
  Series series{"put", Results(), seconds(2)};
  for (int i = 1; i <= 100; ++i) {
    series.results.RecordDone(milliseconds(20) * (i - 1), milliseconds(i), {});
  }
  series.results.RecordError(base::Status(base::Code::kUnavailable, "say \"no\""));
  measurement.series.push_back(std::move(series));
  return measurement;
}

TEST(BenchDataReportTest, JsonHasTheRunItsSeriesAndTheirErrors) {
  const std::string json = JsonReport(Hundred());
  EXPECT_THAT(json, HasSubstr("\"endpoints\": [\"127.0.0.1:2379\", \"[::1]:2379\"]"));
  EXPECT_THAT(json, HasSubstr("\"rate\": 50,\n  \"latency_from\": \"due\""));
  EXPECT_THAT(json, HasSubstr("\"requests\": 100,\n      \"requests_per_second\": 50,"));
  EXPECT_THAT(json, HasSubstr("{\"code\": \"Unavailable\", \"text\": \"rpc error: code = "
                              "Unavailable desc = say \\\"no\\\"\", \"count\": 1}"));
  EXPECT_THAT(json, HasSubstr("\"min\": 0.001, "));
  EXPECT_THAT(json, HasSubstr("\"max\": 0.1, "));
}

TEST(BenchDataReportTest, CsvHasALineForEachSeries) {
  EXPECT_THAT(CsvReport(Hundred()), HasSubstr("\n\"put\",2,100,50,1,0.001,"));
  EXPECT_THAT(CsvReport(Measurement{.command = "put"}), HasSubstr("series,seconds,requests"));
}

// As json.MarshalIndent writes it, which perf-dash's users may compare.
TEST(BenchDataReportTest, PerfdashGetsMillisecondsToFourDigits) {
  Series series{"put", Results(), seconds(1)};
  for (int i = 1; i <= 1000; ++i) series.results.RecordDone({}, runtime::Duration(i), {});
  EXPECT_EQ(PerfdashReport(series), R"({
  "version": "v1",
  "dataItems": [
    {
      "data": {
        "Perc50": 0.0005,
        "Perc90": 0.0009,
        "Perc99": 0.001
      },
      "labels": {
        "Operation": "PUT"
      },
      "unit": "ms"
    }
  ]
})");
}

}  // namespace
}  // namespace bench
