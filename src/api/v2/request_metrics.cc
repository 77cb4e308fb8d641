#include "api/v2/request_metrics.h"

#include "server/tree_metrics.h"

namespace v2 {
namespace {

constexpr observe::Family kReceived = {
    "etcd_http_received_total", "Requests of the v2 API that were understood, and are allowed."};
constexpr observe::Family kFailed = {"etcd_http_failed_total",
                                     "Requests of the v2 API that were refused, or failed."};
constexpr observe::Family kDuration = {"etcd_http_successful_duration_seconds",
                                       "How long the other requests of the v2 API took."};

}  // namespace

RequestMetrics::RequestMetrics(observe::Registry* registry)
    : registry_(*registry),
      watches_(registry->AddCounter(server::kTreeWatches)),
      watchers_(registry->AddGauge(server::kTreeWatchers)) {}

void RequestMetrics::Received(const std::string& method) {
  auto found = received_.find(method);
  if (found == received_.end()) {
    found = received_.emplace(method, registry_.AddCounter(kReceived, {{"method", method}})).first;
  }
  found->second.Add();
}

void RequestMetrics::Failed(const std::string& method, int status) {
  auto found = failed_.find({method, status});
  if (found == failed_.end()) {
    const auto counter =
        registry_.AddCounter(kFailed, {{"code", std::to_string(status)}, {"method", method}});
    found = failed_.emplace(std::pair(method, status), counter).first;
  }
  found->second.Add();
}

void RequestMetrics::Completed(const std::string& method, runtime::Duration took) {
  auto found = completed_.find(method);
  if (found == completed_.end()) {
    const auto histogram = registry_.AddHistogram(
        kDuration, observe::Buckets::Exponential(0.0005, 2, 13), {{"method", method}});
    found = completed_.emplace(method, histogram).first;
  }
  found->second.Observe(took);
}

}  // namespace v2
