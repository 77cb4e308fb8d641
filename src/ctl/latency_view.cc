#include "ctl/latency_view.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "base/duration_text.h"
#include "ctl/json.h"

namespace ctl {
namespace {

constexpr double kPercentiles[] = {50, 90, 99};
// Besides the bar: the limit and the count.
constexpr size_t kBesideBar = 24;
constexpr size_t kBarMin = 10;
constexpr int64_t kMicrosecond = 1000;

// Exact enough for people: to the microsecond.
std::string Time(runtime::Duration duration) {
  return base::FormatDuration(
      runtime::Duration((duration.count() + kMicrosecond / 2) / kMicrosecond * kMicrosecond));
}

std::string Seconds(runtime::Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9f", std::chrono::duration<double>(duration).count());
  return text;
}

// Each call of `visit` has an endpoint and one of its kinds.
template <typename Visit>
void ForEachKind(const std::vector<EndpointLatencies>& endpoints, Visit visit) {
  for (const EndpointLatencies& endpoint : endpoints) {
    for (size_t kind = 0; kind < endpoint.kinds.size(); ++kind) {
      visit(endpoint.endpoint, kLatencyKinds[kind], endpoint.kinds[kind]);
    }
  }
}

std::string Padded(const std::string& text, size_t width) {
  return std::string(width - std::min(width, cli::WidthOf(text)), ' ') + text;
}

// Of one kind, a bar for each doubling that has some.
std::string Bars(const Histogram& latencies, size_t width) {
  std::vector<std::pair<runtime::Duration, uint64_t>> bars;
  uint64_t before = 0;
  uint64_t most = 1;
  for (runtime::Duration limit(kMicrosecond); before < latencies.count(); limit *= 2) {
    const uint64_t until =
        limit >= latencies.largest() ? latencies.count() : latencies.CountUpTo(limit);
    if (until > 0) bars.emplace_back(limit, until - before);
    most = std::max(most, until - before);
    before = until;
  }
  std::string text;
  for (const auto& [limit, count] : bars) {
    const auto length = static_cast<size_t>(
        std::ceil(static_cast<double>(count * width) / static_cast<double>(most)));
    text += Padded("<" + Time(limit), 12) + " " + Padded(std::to_string(count), 9) + " " +
            std::string(length, '#') + "\n";
  }
  return text;
}

}  // namespace

cli::Rows LatencyRows(const std::vector<EndpointLatencies>& endpoints) {
  cli::Rows rows;
  rows.header = {"endpoint", "call", "done", "failed", "min", "p50", "p90", "p99", "max"};
  ForEachKind(endpoints,
              [&](const std::string& endpoint, const char* kind, const CallResults& results) {
                const Histogram& latencies = results.latencies;
                cli::Row row = {endpoint, kind, std::to_string(latencies.count()),
                                std::to_string(results.failed()), Time(latencies.smallest())};
                for (const double percent : kPercentiles)
                  row.push_back(Time(latencies.AtPercentile(percent)));
                row.push_back(Time(latencies.largest()));
                rows.rows.push_back(std::move(row));
              });
  return rows;
}

std::string LatencyJson(const std::vector<EndpointLatencies>& endpoints) {
  std::string list;
  ForEachKind(
      endpoints, [&](const std::string& endpoint, const char* kind, const CallResults& results) {
        const Histogram& latencies = results.latencies;
        list += (list.empty() ? "{\"endpoint\":" : ",{\"endpoint\":") + JsonString(endpoint) +
                ",\"call\":" + JsonString(kind) + ",\"done\":" + std::to_string(latencies.count()) +
                ",\"failed\":" + std::to_string(results.failed()) +
                ",\"min_seconds\":" + Seconds(latencies.smallest());
        for (const double percent : kPercentiles) {
          list += ",\"p" + std::to_string(static_cast<int>(percent)) +
                  "_seconds\":" + Seconds(latencies.AtPercentile(percent));
        }
        list += ",\"max_seconds\":" + Seconds(latencies.largest()) + "}";
      });
  return "[" + list + "]\n";
}

std::string LatencyBars(const EndpointLatencies& endpoint, size_t columns) {
  std::string text = endpoint.endpoint + "\n";
  const size_t width = columns > kBesideBar + kBarMin ? columns - kBesideBar : kBarMin;
  for (size_t kind = 0; kind < endpoint.kinds.size(); ++kind) {
    const CallResults& results = endpoint.kinds[kind];
    text += std::string("\n") + kLatencyKinds[kind];
    if (results.failed() > 0) text += ", " + std::to_string(results.failed()) + " failed";
    text += "\n" + Bars(results.latencies, width);
  }
  return text;
}

std::string LatencyErrors(const std::vector<EndpointLatencies>& endpoints) {
  std::string text;
  ForEachKind(
      endpoints, [&](const std::string& endpoint, const char* kind, const CallResults& results) {
        for (const auto& [error, count] : results.errors) {
          text += endpoint + ": " + kind + ": " + error + " (" + std::to_string(count) + ")\n";
        }
      });
  return text;
}

}  // namespace ctl
