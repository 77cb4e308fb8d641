#include "dump/metrics_text.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/go_text.h"

namespace dump {
namespace {

constexpr std::string_view kHelp = "# HELP ";
constexpr std::string_view kType = "# TYPE ";

struct Metric {
  std::string name;
  std::string description;
  std::string type;
  std::vector<std::string> codes = {};  // of gRPC
  std::vector<std::string> series = {};
};

std::string UpToSpace(std::string_view text) {
  return std::string(text.substr(0, text.find(' ')));
}

std::vector<Metric> ReadMetrics(std::string_view page) {
  std::vector<Metric> metrics;
  // What comes before the first help belongs to nothing.
  Metric metric;
  const auto end = [&] {
    if (!metric.name.empty()) metrics.push_back(std::move(metric));
    metric = {};
  };
  for (const std::string& line : base::Split(std::string(page), '\n')) {
    if (line.starts_with(kHelp)) {
      end();
      const std::string rest = line.substr(kHelp.size());
      metric.name = UpToSpace(rest);
      if (rest.size() > metric.name.size()) {
        metric.description = rest.substr(metric.name.size() + 1);
      }
    } else if (line.starts_with(kType)) {
      const size_t space = line.find(' ', kType.size());
      metric.type = space == std::string::npos ? "" : UpToSpace(line.substr(space + 1));
    } else {
      metric.series.push_back(UpToSpace(line));
    }
  }
  end();
  return metrics;
}

template <typename Texts>
std::vector<std::string> Sorted(const Texts& texts) {
  const std::set<std::string> sorted(texts.begin(), texts.end());
  return {sorted.begin(), sorted.end()};
}

// Without the peers' ids.
void HidePeers(Metric* metric) {
  constexpr std::string_view kTo = "To=\"";
  constexpr std::string_view kBucket = "\",le=\"";
  constexpr const char* kPeer = "REMOTE_PEER_NODE_ID";
  for (std::string& each : metric->series) {
    const size_t to = each.find(kTo);
    const size_t bucket = each.find(kBucket);
    if (to != std::string::npos && bucket != std::string::npos && to + kTo.size() <= bucket) {
      each = each.substr(0, to + kTo.size()) + kPeer + each.substr(bucket);
    }
    for (const char* const suffix : {"_sum", "_count"}) {
      const std::string name = metric->name + suffix;
      if (each.starts_with(name)) each = name + "{To=\"" + kPeer + "\"}";
    }
  }
  metric->series = Sorted(metric->series);
}

void GatherCodes(Metric* metric) {
  const std::string begin = metric->name + "{grpc_code=\"";
  constexpr std::string_view kEnd = "\",grpc_method=\"";
  std::set<std::string> codes;
  std::set<std::string> series;
  for (const std::string& each : metric->series) {
    const size_t end = each.find(kEnd);
    if (!each.starts_with(begin) || end == std::string::npos || end < begin.size()) {
      series.insert(each);
      continue;
    }
    codes.insert(each.substr(begin.size(), end - begin.size()));
    series.insert(begin + "CODE" + each.substr(end));
  }
  metric->codes = Sorted(codes);
  metric->series = Sorted(series);
}

void Gather(Metric* metric) {
  const std::string& name = metric->name;
  if (name == "etcd_network_active_peers") {
    metric->series = {name + "{Local=\"LOCAL_NODE_ID\",Remote=\"REMOTE_PEER_NODE_ID\"}"};
  } else if (name == "etcd_network_peer_sent_bytes_total") {
    metric->series = {name + "{To=\"REMOTE_PEER_NODE_ID\"}"};
  } else if (name == "etcd_network_peer_received_bytes_total") {
    metric->series = {name + "{From=\"REMOTE_PEER_NODE_ID\"}"};
  } else if (name == "etcd_network_peer_round_trip_time_seconds" && metric->type == "histogram") {
    HidePeers(metric);
  } else if (name == "grpc_server_handled_total") {
    GatherCodes(metric);
  }
}

std::string TextOf(const Metric& metric) {
  std::string text = "# name: " + base::Quote(metric.name) +
                     "\n# description: " + base::Quote(metric.description) +
                     "\n# type: " + base::Quote(metric.type) + "\n";
  if (!metric.codes.empty()) text += "# gRPC codes: \n";
  for (const std::string& code : metric.codes) text += "#  - " + base::Quote(code) + "\n";
  return text + base::Join(metric.series, "\n");
}

}  // namespace

std::string MetricsText(std::string_view page) {
  std::vector<Metric> metrics = ReadMetrics(page);
  for (Metric& metric : metrics) Gather(&metric);
  std::stable_sort(metrics.begin(), metrics.end(),
                   [](const Metric& a, const Metric& b) { return a.name < b.name; });
  std::string version = "unknown";
  std::vector<std::string> texts;
  for (const Metric& metric : metrics) {
    if (metric.name.starts_with("etcd_server_version") && !metric.series.empty()) {
      version = metric.series.front();
    }
    texts.push_back(TextOf(metric));
  }
  return "# server version: " + version + "\n\n" + base::Join(texts, "\n\n") + "\n";
}

}  // namespace dump
