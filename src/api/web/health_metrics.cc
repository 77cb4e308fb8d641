#include "api/web/health_metrics.h"

namespace web {

using observe::Family;
using observe::Labels;
using observe::MetricType;

namespace {

constexpr Family kSuccess = {"etcd_server_health_success",
                             "The total number of successful health checks"};
constexpr Family kFailures = {"etcd_server_health_failures",
                              "The total number of failed health checks"};
constexpr Family kResult = {"etcd_server_healthcheck", "The result of each kind of healthcheck."};
constexpr Family kCount = {"etcd_server_healthchecks_total",
                           "The total number of each kind of healthcheck."};

}  // namespace

void HealthMetrics::CountHealth(bool healthy) {
  const std::lock_guard lock(mutex_);
  ++(healthy ? healthy_ : unhealthy_);
}

void HealthMetrics::CountCheck(const std::string& type, const std::string& name, bool success) {
  const std::lock_guard lock(mutex_);
  Check& check = checks_[{type, name}];
  ++(success ? check.successes : check.errors);
  check.last = success;
}

void HealthMetrics::Collect(observe::Samples& samples) const {
  const std::lock_guard lock(mutex_);
  const auto count = [&samples](const Family& family, uint64_t value, Labels labels = {}) {
    samples.Add(family, MetricType::kCounter, static_cast<double>(value), std::move(labels));
  };
  count(kSuccess, healthy_);
  count(kFailures, unhealthy_);
  for (const auto& [key, check] : checks_) {
    const Labels labels = {{"type", key.first}, {"name", key.second}};
    samples.Add(kResult, MetricType::kGauge, check.last ? 1 : 0, labels);
    const auto with_status = [&labels](const char* status) {
      Labels all = labels;
      all.emplace_back("status", status);
      return all;
    };
    if (check.successes > 0) count(kCount, check.successes, with_status("success"));
    if (check.errors > 0) count(kCount, check.errors, with_status("error"));
  }
}

}  // namespace web
