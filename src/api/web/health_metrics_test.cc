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
  EXPECT_THAT(text,
              HasSubstr(R"(etcd_server_healthcheck{name="linearizable_read",type="readyz"} 0)"));
  for (const char* const counted :
       {R"(status="success",type="readyz"} 2)", R"(status="error",type="readyz"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(std::string(R"({name="linearizable_read",)") + counted));
  }
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
