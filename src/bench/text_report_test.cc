#include "bench/text_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What etcd's pkg/report, 3.7, makes of the same 200 latencies and one error: what follows the
// lines of total and rate, which are of its own clock.
constexpr char kEtcds[] = R"(
Response time histogram:
  0.0000 [1]	|
  0.1000 [62]	|∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎
  0.2000 [26]	|∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎
  0.3000 [20]	|∎∎∎∎∎∎∎∎∎∎∎∎
  0.4000 [17]	|∎∎∎∎∎∎∎∎∎∎
  0.5000 [15]	|∎∎∎∎∎∎∎∎∎
  0.6000 [13]	|∎∎∎∎∎∎∎∎
  0.7000 [13]	|∎∎∎∎∎∎∎∎
  0.8000 [11]	|∎∎∎∎∎∎∎
  0.9000 [11]	|∎∎∎∎∎∎∎
  1.0000 [11]	|∎∎∎∎∎∎∎

Latency distribution:
  10% in 0.0110 secs.
  25% in 0.0650 secs.
  50% in 0.2550 secs.
  75% in 0.5700 secs.
  90% in 0.8190 secs.
  95% in 0.9120 secs.
  99% in 0.9900 secs.

Sample in one second (unix latency throughput):
UNIX-SECOND,MIN-LATENCY-MS,AVG-LATENCY-MS,MAX-LATENCY-MS,AVG-THROUGHPUT
1000,25µs,68.629166ms,202.5ms,90
1001,207.025ms,479.65ms,819.025ms,91
1002,828.1ms,912.775ms,1s,19


Error distribution:
  [1]	etcdserver: request timed out
)";

Series EtcdsSeries() {
  Series series{"put", Results(/*keep_seconds=*/true), seconds(2)};
  for (int i = 1; i <= 200; ++i) {
    const runtime::Duration at = milliseconds(11) * i;
    const runtime::Duration wall = seconds(1000) + at;
    series.results.RecordDone(at, microseconds(25) * i * i, {wall.count()});
  }
  series.results.RecordError(
      base::Status(base::Code::kUnavailable, "etcdserver: request timed out"));
  return series;
}

TEST(BenchTextReportTest, AReportIsEtcdsToTheByte) {
  const std::string report = TextReport(EtcdsSeries(), {});
  EXPECT_THAT(report, StartsWith("\nSummary:\n"
                                 "  Total:\t2.0000 secs.\n"
                                 "  Slowest:\t1.0000 secs.\n"
                                 "  Fastest:\t0.0000 secs.\n"
                                 "  Average:\t0.3358 secs.\n"
                                 "  Stddev:\t0.2995 secs.\n"
                                 "  Requests/sec:\t100.0000\n"));
  EXPECT_EQ(report.substr(report.find("\nResponse")), kEtcds);
}

TEST(BenchTextReportTest, PreciseItHasAllDigits) {
  const std::string report = TextReport(EtcdsSeries(), {.precise = true});
  EXPECT_THAT(report, HasSubstr("  Slowest:\t1 secs.\n  Fastest:\t2.5e-05 secs.\n"));
  EXPECT_THAT(report, HasSubstr("  Requests/sec:\t100\n"));
}

TEST(BenchTextReportTest, FurtherPercentilesStandBehindThoseOfEtcd) {
  const std::string report = TextReport(EtcdsSeries(), {.percentiles = true});
  EXPECT_THAT(report, HasSubstr("\nPercentiles:\n  50%\t"));
  EXPECT_THAT(report, HasSubstr("  99.999%\t1s\n  100%\t1s\n"));
}

TEST(BenchTextReportTest, WithoutASuccessThereAreErrorsAlone) {
  Series series{"put", Results(), seconds(1)};
  series.results.RecordError(base::Status(base::Code::kUnknown, "so"));
  EXPECT_EQ(TextReport(series, {}),
            "\nError distribution:\n  [1]\trpc error: code = Unknown desc = so\n");
}

TEST(BenchTextReportTest, OneSuccessHasNoPercentiles) {
  Series series{"put", Results(), seconds(1)};
  series.results.RecordDone({}, milliseconds(3), {});
  EXPECT_THAT(TextReport(series, {}), EndsWith("\nLatency distribution:\n"));
}

TEST(BenchTextReportTest, OfARateItSaysWhatLatenciesCountFrom) {
  Measurement measurement{.command = "put", .rate = 5};
  EXPECT_EQ(TextReport(measurement, {}), "\nLatencies count from when a request was due.\n");
  measurement.from_due = false;
  EXPECT_EQ(TextReport(measurement, {}), "\nLatencies count from when a request was sent.\n");
}

}  // namespace
}  // namespace bench
