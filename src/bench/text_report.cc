#include "bench/text_report.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "base/duration_text.h"
#include "base/float_text.h"

namespace bench {
namespace {

constexpr std::array kPercentiles = {10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9};
constexpr std::array kFurtherPercentiles = {50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 100.0};
constexpr size_t kBars = 11;
constexpr uint64_t kBarLength = 40;
constexpr char kBar[] = "∎";

double Seconds(runtime::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

class Writer {
 public:
  explicit Writer(const TextOptions& options) : options_(options) {}

  std::string Number(double value) const {
    if (options_.precise) return base::FormatFloat(value);
    std::array<char, 64> text{};
    const int size = std::snprintf(text.data(), text.size(), "%4.4f", value);
    return std::string(text.data(), static_cast<size_t>(size));
  }
  std::string Time(double seconds) const { return Number(seconds) + " secs"; }

  std::string Summary(const Series& series) const {
    const ctl::Histogram& latencies = series.results.latencies;
    return "\nSummary:\n  Total:\t" + Time(Seconds(series.took)) + ".\n  Slowest:\t" +
           Time(Seconds(latencies.largest())) + ".\n  Fastest:\t" +
           Time(Seconds(latencies.smallest())) + ".\n  Average:\t" + Time(latencies.MeanSeconds()) +
           ".\n  Stddev:\t" + Time(latencies.DeviationSeconds()) + ".\n  Requests/sec:\t" +
           Number(series.PerSecond()) + "\n";
  }

  // Each bar has those that are above the one before and not above its own limit.
  std::string Bars(const ctl::Histogram& latencies) const {
    const runtime::Duration step = (latencies.largest() - latencies.smallest()) / (kBars - 1);
    std::array<runtime::Duration, kBars> limits{};
    std::array<uint64_t, kBars> counts{};
    uint64_t before = 0;
    uint64_t most = 1;
    for (size_t i = 0; i < kBars; ++i) {
      limits[i] = i + 1 == kBars ? latencies.largest()
                                 : latencies.smallest() + step * static_cast<int64_t>(i);
      counts[i] = latencies.CountUpTo(limits[i]) - before;
      before += counts[i];
      most = std::max(most, counts[i]);
    }
    std::string out = "\nResponse time histogram:\n";
    for (size_t i = 0; i < kBars; ++i) {
      out += "  " + Number(Seconds(limits[i])) + " [" + std::to_string(counts[i]) + "]\t|";
      for (uint64_t bar = counts[i] * kBarLength / most; bar > 0; --bar) out += kBar;
      out += "\n";
    }
    return out;
  }

  std::string Percentiles(const ctl::Histogram& latencies) const {
    std::string out = "\nLatency distribution:\n";
    for (const double percent : kPercentiles) {
      const double seconds = EtcdPercentile(latencies, percent);
      if (seconds > 0) out += "  " + base::FormatFloat(percent) + "% in " + Time(seconds) + ".\n";
    }
    return out;
  }

  std::string FurtherPercentiles(const ctl::Histogram& latencies) const {
    std::string out = "\nPercentiles:\n";
    for (const double percent : kFurtherPercentiles) {
      out += "  " + base::FormatFloat(percent) + "%\t" +
             base::FormatDuration(latencies.AtPercentile(percent)) + "\n";
    }
    return out;
  }

 private:
  const TextOptions& options_;
};

std::string SecondsTable(const std::map<int64_t, Results::Second>& seconds) {
  std::string out =
      "\nSample in one second (unix latency throughput):\n"
      "UNIX-SECOND,MIN-LATENCY-MS,AVG-LATENCY-MS,MAX-LATENCY-MS,AVG-THROUGHPUT\n";
  if (seconds.empty()) return out;
  for (int64_t second = seconds.begin()->first; second <= seconds.rbegin()->first; ++second) {
    const auto found = seconds.find(second);
    const Results::Second values = found == seconds.end() ? Results::Second{} : found->second;
    const auto count = static_cast<int64_t>(values.count);
    out += std::to_string(second) + "," + base::FormatDuration(values.smallest) + "," +
           base::FormatDuration(count > 0 ? values.sum / count : values.sum) + "," +
           base::FormatDuration(values.largest) + "," + std::to_string(count) + "\n";
  }
  return out + "\n";
}

}  // namespace

double EtcdPercentile(const ctl::Histogram& latencies, double percent) {
  // The first whose rank is not below that part of all.
  const double rank = std::ceil(percent * static_cast<double>(latencies.count()) / 100);
  const auto index = static_cast<uint64_t>(rank);
  return index < latencies.count() ? Seconds(latencies.AtRank(index)) : 0;
}

std::string TextReport(const Series& series, const TextOptions& options) {
  const Writer writer(options);
  const Results& results = series.results;
  std::string out;
  if (results.done() > 0) {
    out += writer.Summary(series) + writer.Bars(results.latencies) +
           writer.Percentiles(results.latencies);
    if (results.keeps_seconds) out += SecondsTable(results.seconds);
    if (options.percentiles) out += writer.FurtherPercentiles(results.latencies);
  }
  if (results.errors.empty()) return out;
  out += "\nError distribution:\n";
  for (const auto& [error, count] : results.errors) {
    out += "  [" + std::to_string(count) + "]\t" + error.text + "\n";
  }
  return out;
}

std::string TextReport(const Measurement& measurement, const TextOptions& options) {
  std::string out = measurement.preface;
  for (const Series& series : measurement.series) {
    out += series.before + TextReport(series, options) + series.after;
  }
  out += measurement.appendix;
  if (measurement.rate > 0) {
    out += measurement.from_due ? "\nLatencies count from when a request was due.\n"
                                : "\nLatencies count from when a request was sent.\n";
  }
  return out;
}

}  // namespace bench
