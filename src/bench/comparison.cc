#include "bench/comparison.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

#include "base/duration_text.h"
#include "base/float_text.h"
#include "base/go_text.h"
#include "base/json_string.h"

namespace bench {
namespace {

// Of one round, the series of that index.
using Value = std::function<double(const Round& round, size_t series)>;

double Percentile(const Round& round, size_t series, double percent) {
  const ctl::Histogram& latencies = round.measurement.series[series].results.latencies;
  return std::chrono::duration<double>(latencies.AtPercentile(percent)).count();
}

const std::vector<std::pair<std::string, Value>>& Values() {
  static const std::vector<std::pair<std::string, Value>> values = {
      {"requests_per_second",
       [](const Round& round, size_t series) {
         return round.measurement.series[series].PerSecond();
       }},
      {"p50_seconds",
       [](const Round& round, size_t series) { return Percentile(round, series, 50); }},
      {"p99_seconds",
       [](const Round& round, size_t series) { return Percentile(round, series, 99); }},
      {"failed",
       [](const Round& round, size_t series) {
         return static_cast<double>(round.measurement.series[series].results.failed());
       }},
      // All series of a command run beside or after each other: it is of all their requests.
      {"server_cpu_seconds_per_request",
       [](const Round& round, size_t) {
         const auto done = static_cast<double>(round.measurement.done());
         return done > 0 ? round.server_cpu_seconds.value_or(0) / done : 0;
       }},
  };
  return values;
}

double Median(const std::vector<Round>& rounds, size_t series, const Value& value) {
  std::vector<double> all;
  for (const Round& round : rounds) {
    if (series < round.measurement.series.size()) all.push_back(value(round, series));
  }
  if (all.empty()) return 0;
  std::sort(all.begin(), all.end());
  const size_t middle = all.size() / 2;
  return all.size() % 2 == 1 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
}

std::string Shown(const std::string& name, double value) {
  if (name.find("seconds_") == std::string::npos && !name.ends_with("_seconds")) {
    std::array<char, 64> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.0f", value);
    return std::string(text.data(), static_cast<size_t>(size));
  }
  if (value == 0) return "-";
  return base::FormatDuration(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(value)));
}

std::string Padded(const std::string& text, size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

std::string RatioText(const Compared& compared) {
  if (compared.a <= 0 || compared.b <= 0) return "-";
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3f", compared.Ratio());
  return std::string(text.data(), static_cast<size_t>(size));
}

std::string List(const std::vector<std::string>& endpoints) {
  std::vector<std::string> quoted;
  for (const std::string& endpoint : endpoints) quoted.push_back(base::JsonString(endpoint));
  return "[" + base::Join(quoted, ", ") + "]";
}

}  // namespace

std::vector<Compared> Compare(const Comparison& comparison) {
  std::vector<Compared> all;
  if (comparison.a.empty()) return all;
  const std::vector<Series>& series = comparison.a.front().measurement.series;
  for (size_t i = 0; i < series.size(); ++i) {
    for (const auto& [name, value] : Values()) {
      all.push_back(
          {series[i].name, name, Median(comparison.a, i, value), Median(comparison.b, i, value)});
    }
  }
  return all;
}

std::string TextReport(const Comparison& comparison) {
  constexpr size_t kNameWidth = 31;
  constexpr size_t kWidth = 16;
  std::string out = comparison.command + ", medians of " + std::to_string(comparison.a.size()) +
                    " rounds\n  A: " + base::Join(comparison.endpoints_a, ",") +
                    "\n  B: " + base::Join(comparison.endpoints_b, ",") + "\n";
  std::string series;
  for (const Compared& each : Compare(comparison)) {
    if (each.series != series) {
      series = each.series;
      out += "\n" + series + std::string(kNameWidth - std::min(kNameWidth, series.size()), ' ') +
             Padded("A", kWidth) + Padded("B", kWidth) + Padded("B / A", kWidth) + "\n";
    }
    // A microsign takes two bytes.
    const auto cell = [](const std::string& text) {
      return Padded(text, text.find("µ") == std::string::npos ? kWidth : kWidth + 1);
    };
    out += each.name + std::string(kNameWidth - std::min(kNameWidth, each.name.size()), ' ') +
           cell(Shown(each.name, each.a)) + cell(Shown(each.name, each.b)) +
           Padded(RatioText(each), kWidth) + "\n";
  }
  return out;
}

std::string JsonReport(const Comparison& comparison) {
  std::vector<std::string> rows;
  for (const Compared& each : Compare(comparison)) {
    rows.push_back("{\"series\": " + base::JsonString(each.series) + ", \"name\": " +
                   base::JsonString(each.name) + ", \"a\": " + base::FormatFloat(each.a) +
                   ", \"b\": " + base::FormatFloat(each.b) +
                   ", \"ratio\": " + base::FormatFloat(each.Ratio()) + "}");
  }
  return "{\n  \"command\": " + base::JsonString(comparison.command) +
         ",\n  \"rounds\": " + std::to_string(comparison.a.size()) +
         ",\n  \"endpoints_a\": " + List(comparison.endpoints_a) +
         ",\n  \"endpoints_b\": " + List(comparison.endpoints_b) + ",\n  \"compared\": [\n    " +
         base::Join(rows, ",\n    ") + "\n  ]\n}\n";
}

std::string CsvReport(const Comparison& comparison) {
  std::string out = "series,name,a,b,ratio\n";
  for (const Compared& each : Compare(comparison)) {
    out += each.series + "," + each.name + "," + base::FormatFloat(each.a) + "," +
           base::FormatFloat(each.b) + "," + base::FormatFloat(each.Ratio()) + "\n";
  }
  return out;
}

}  // namespace bench
