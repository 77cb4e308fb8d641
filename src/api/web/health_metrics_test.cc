#include "api/web/health_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace web {
namespace {

using ::testing::HasSubstr;

std::string Scraped(const HealthMetrics& metrics) {
  observe::Registry registry;
  registry.AddCollector([&](observe::Samples& samples) { metrics.Collect(samples); });
  return registry.Scrape();
}

TEST(HealthMetricsTest, TheLastResultOfACheckIsToldAndAllAreCounted) {
  HealthMetrics metrics;
  metrics.CountCheck("readyz", "linearizable_read", true);
  metrics.CountCheck("readyz", "linearizable_read", true);
  metrics.CountCheck("readyz", "linearizable_read", false);
  const std::string text = Scraped(metrics);
  const std::string check = R"({type="readyz",name="linearizable_read")";
  EXPECT_THAT(text, HasSubstr("etcd_server_healthcheck" + check + "} 0"));
  EXPECT_THAT(text, HasSubstr(check + R"(,status="success"} 2)"));
  EXPECT_THAT(text, HasSubstr(check + R"(,status="error"} 1)"));
}

TEST(HealthMetricsTest, AnswersOfHealthAreCountedByTheirResult) {
  HealthMetrics metrics;
  metrics.CountHealth(true);
  metrics.CountHealth(false);
  metrics.CountHealth(false);
  const std::string text = Scraped(metrics);
  EXPECT_THAT(text, HasSubstr("etcd_server_health_success 1"));
  EXPECT_THAT(text, HasSubstr("etcd_server_health_failures 2"));
}

}  // namespace
}  // namespace web
