#include "bench/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include "base/duration_text.h"
#include "base/float_text.h"

namespace bench {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 720;
constexpr double kLeft = 80;
constexpr double kRight = 880;
// What a plot takes: from its top to its bottom.
constexpr std::pair kTimePlot{50.0, 320.0};
constexpr std::pair kPercentilePlot{410.0, 680.0};
constexpr size_t kTicks = 6;
constexpr size_t kColors = 3;

constexpr char kHead[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 720\" font-family=\"sans-serif\" "
    "font-size=\"12\">\n"
    "<style>\n"
    "  .page { fill: #ffffff } .text { fill: #222222 } .grid { stroke: #cccccc }\n"
    "  .line { fill: none; stroke-width: 1.5 }\n"
    "  .c0 { stroke: #1763b8 } .c1 { stroke: #b8480f } .c2 { stroke: #2b7a2b }\n"
    "  .p99 { stroke-dasharray: 6 3 } .max { stroke-dasharray: 2 3 }\n"
    "  @media (prefers-color-scheme: dark) {\n"
    "    .page { fill: #16181c } .text { fill: #dddddd } .grid { stroke: #44484f }\n"
    "    .c0 { stroke: #6cb2ff } .c1 { stroke: #ff9d66 } .c2 { stroke: #7fd67f }\n"
    "  }\n"
    "</style>\n";

double Seconds(runtime::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string Coordinate(double value) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f", value);
  return std::string(text.data(), static_cast<size_t>(size));
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char character : text) {
    if (character == '<') {
      out += "&lt;";
    } else if (character == '&') {
      out += "&amp;";
    } else {
      out += character;
    }
  }
  return out;
}

std::string Text(double x, double y, const std::string& anchor, const std::string& text) {
  return "<text class=\"text\" x=\"" + Coordinate(x) + "\" y=\"" + Coordinate(y) +
         "\" text-anchor=\"" + anchor + "\">" + Escaped(text) + "</text>\n";
}

std::string Grid(double x1, double y1, double x2, double y2) {
  return "<line class=\"grid\" x1=\"" + Coordinate(x1) + "\" y1=\"" + Coordinate(y1) + "\" x2=\"" +
         Coordinate(x2) + "\" y2=\"" + Coordinate(y2) + "\"/>\n";
}

// One plot's place on the page, and latencies on its logarithmic scale of whole decades.
class Frame {
 public:
  Frame(std::pair<double, double> place, const Measurement& measurement)
      : top_(place.first), bottom_(place.second) {
    double low = 1;
    double high = 0;
    for (const Series& series : measurement.series) {
      const ctl::Histogram& latencies = series.results.latencies;
      if (latencies.count() == 0) continue;
      low = std::min(low, Seconds(latencies.smallest()));
      high = std::max(high, Seconds(latencies.largest()));
    }
    lowest_ = std::floor(std::log10(std::max(low, kShortest)));
    highest_ = std::max(lowest_ + 1, std::ceil(std::log10(std::max(high, kShortest))));
  }

  double Y(runtime::Duration latency) const {
    const double decade = std::log10(std::max(Seconds(latency), kShortest));
    const double part = (decade - lowest_) / (highest_ - lowest_);
    return bottom_ - std::clamp(part, 0.0, 1.0) * (bottom_ - top_);
  }
  // `part`: 0 at the left, 1 at the right.
  static double X(double part) { return kLeft + std::clamp(part, 0.0, 1.0) * (kRight - kLeft); }

  // Title and horizontal lines, one for each decade.
  std::string Scale(const std::string& title) const {
    std::string out = Text(kLeft, top_ - 15, "start", title);
    for (double decade = lowest_; decade <= highest_; ++decade) {
      const auto latency = std::chrono::duration_cast<runtime::Duration>(
          std::chrono::duration<double>(std::pow(10, decade) * kRoundingUp));
      const double y = Y(latency);
      out +=
          Grid(kLeft, y, kRight, y) + Text(kLeft - 8, y + 4, "end", base::FormatDuration(latency));
    }
    return out;
  }
  std::string Tick(double part, const std::string& text) const {
    return Grid(X(part), top_, X(part), bottom_) + Text(X(part), bottom_ + 18, "middle", text);
  }

 private:
  static constexpr double kShortest = 1e-9;
  // Powers of ten are a little less than they should be.
  static constexpr double kRoundingUp = 1 + 1e-12;

  const double top_;
  const double bottom_;
  double lowest_;  // as powers of ten seconds
  double highest_;
};

std::string Line(size_t series, const std::string& kind,
                 const std::vector<std::pair<double, double>>& points) {
  if (points.empty()) return "";
  std::string out =
      "<polyline class=\"line c" + std::to_string(series % kColors) + " " + kind + "\" points=\"";
  for (const auto& [x, y] : points) out += Coordinate(x) + "," + Coordinate(y) + " ";
  out.back() = '"';
  return out + "/>\n";
}

double LongestSeconds(const Measurement& measurement) {
  double longest = 0;
  for (const Series& series : measurement.series) {
    const Timeline& timeline = series.results.timeline;
    longest = std::max(longest, Seconds(timeline.span() * timeline.spans().size()));
  }
  return longest;
}

std::string OverTime(const Measurement& measurement) {
  const Frame frame(kTimePlot, measurement);
  const double longest = std::max(LongestSeconds(measurement), 1e-3);
  std::string out =
      frame.Scale("Latency over time: median (solid), 99th percentile (dashed), largest (dotted)");
  for (size_t tick = 0; tick < kTicks; ++tick) {
    const double part = static_cast<double>(tick) / (kTicks - 1);
    const double rounded = std::round(part * longest * 1e3) / 1e3;
    out += frame.Tick(part, base::FormatFloat(rounded) + "s");
  }
  const std::array<std::pair<const char*, double>, 3> kinds = {
      {{"p50", 50}, {"p99", 99}, {"max", 100}}};
  for (size_t i = 0; i < measurement.series.size(); ++i) {
    const Timeline& timeline = measurement.series[i].results.timeline;
    for (const auto& [kind, percent] : kinds) {
      std::vector<std::pair<double, double>> points;
      for (size_t span = 0; span < timeline.spans().size(); ++span) {
        const ctl::Histogram& latencies = timeline.spans()[span];
        if (latencies.count() == 0) continue;
        const double middle = (static_cast<double>(span) + 0.5) * Seconds(timeline.span());
        points.emplace_back(Frame::X(middle / longest), frame.Y(latencies.AtPercentile(percent)));
      }
      out += Line(i, kind, points);
    }
  }
  return out;
}

std::string OverPercentile(const Measurement& measurement) {
  // Each nine takes as much room as the one before.
  constexpr double kNines = 5;
  constexpr int kStepsOfNine = 20;
  const Frame frame(kPercentilePlot, measurement);
  std::string out = frame.Scale("Latency over percentile");
  for (double nines = 0; nines <= kNines; ++nines) {
    const double percent = 100 - 100 * std::pow(10, -nines);
    const double rounded = std::round(percent * 1e3) / 1e3;
    out += frame.Tick(nines / kNines, base::FormatFloat(rounded) + "%");
  }
  for (size_t i = 0; i < measurement.series.size(); ++i) {
    const ctl::Histogram& latencies = measurement.series[i].results.latencies;
    std::vector<std::pair<double, double>> points;
    for (int step = 0; latencies.count() > 0 && step <= kNines * kStepsOfNine; ++step) {
      const double nines = static_cast<double>(step) / kStepsOfNine;
      const double percent = 100 - 100 * std::pow(10, -nines);
      points.emplace_back(Frame::X(nines / kNines), frame.Y(latencies.AtPercentile(percent)));
    }
    out += Line(i, "percentiles", points);
  }
  return out;
}

// Which color is whose.
std::string Legend(const Measurement& measurement) {
  std::string out;
  double x = kLeft;
  for (size_t i = 0; i < measurement.series.size(); ++i) {
    out += Line(i, "legend", {{x, 15}, {x + 25, 15}});
    out += Text(x + 32, 19, "start", measurement.series[i].name);
    x += (kRight - kLeft) / static_cast<double>(measurement.series.size());
  }
  return out;
}

}  // namespace

std::string Plot(const Measurement& measurement) {
  return std::string(kHead) + "<rect class=\"page\" width=\"" + Coordinate(kWidth) +
         "\" height=\"" + Coordinate(kHeight) + "\"/>\n" + Legend(measurement) +
         OverTime(measurement) + OverPercentile(measurement) + "</svg>\n";
}

}  // namespace bench
