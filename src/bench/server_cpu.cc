#include "bench/server_cpu.h"

#include <string>

#include "base/float_text.h"
#include "base/go_text.h"
#include "client/http_page.h"

namespace bench {
namespace {

constexpr std::string_view kMetric = "process_cpu_seconds_total ";

}  // namespace

std::optional<double> FindServerCpu(std::string_view page) {
  for (const std::string& line : base::Split(page, '\n')) {
    if (!line.starts_with(kMetric)) continue;
    const base::Result<double> seconds =
        base::ParseFloat(base::TrimSpace(std::string_view(line).substr(kMetric.size())));
    if (!seconds.ok()) return std::nullopt;
    return *seconds;
  }
  return std::nullopt;
}

std::optional<double> FetchServerCpu(const etcd::ClientOptions& options) {
  double sum = 0;
  etcd::ClientOptions one = options;
  for (const std::string& endpoint : options.endpoints) {
    one.endpoints = {endpoint};
    const base::Result<base::Bytes> page = client::FetchPage(one, "/metrics");
    const std::optional<double> seconds = page.ok() ? FindServerCpu(*page) : std::nullopt;
    if (!seconds.has_value()) return std::nullopt;
    sum += *seconds;
  }
  return sum;
}

}  // namespace bench
