#include "app/network_metrics.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/http/testing/world.h"

namespace app {
namespace {

class NetworkMetricsTest : public ::testing::Test {
 protected:
  NetworkMetricsTest() {
    metrics_.Add(&world_.server());
    registry_.AddCollector([this](observe::Samples& samples) { metrics_.Collect(samples); });
  }
  void ExpectLine(const std::string& line) {
    const std::string text = registry_.Scrape();
    EXPECT_NE(text.find("\n" + line + "\n"), std::string::npos) << line << "\n" << text;
  }

  http::testing::EchoService service_;
  http::testing::World world_{&service_};
  NetworkMetrics metrics_;
  observe::Registry registry_;
};

TEST_F(NetworkMetricsTest, EveryKindOfAbuseHasACounter) {
  for (size_t kind = 0; kind < static_cast<size_t>(http::Abuse::kCount); ++kind) {
    ExpectLine("cornerstore_http_abuse_total{reason=\"" +
               std::string(http::AbuseText(static_cast<http::Abuse>(kind))) + "\"} 0");
  }
}

TEST_F(NetworkMetricsTest, WhoIsCutOffIsCounted) {
  http::testing::RawClient& client = world_.ConnectRaw();
  client.SendPreface();
  for (int i = 0; i < 1000; ++i) client.Send(http::testing::Frame{4, 0, 0, ""});
  world_.Settle();
  ExpectLine("cornerstore_http_abuse_total{reason=\"settings_flood\"} 1");
}

TEST_F(NetworkMetricsTest, OpenConnectionsAndRequestsAreCounted) {
  http::testing::RawClient& client = world_.ConnectRaw();
  client.SendPreface();
  client.Send(http::testing::RequestFrame(1, false, "/never"));
  client.Send(http::testing::RequestFrame(3, false, "/never"));
  world_.Settle();
  ExpectLine("cornerstore_http_connections 1");
  ExpectLine("cornerstore_http_streams 2");
}

TEST_F(NetworkMetricsTest, WithoutClientsEverythingIsZero) {
  for (const char* const name :
       {"cornerstore_http_connections", "cornerstore_http_streams",
        "cornerstore_http_protocol_errors_total", "cornerstore_http_keepalive_timeouts_total",
        "etcd_network_client_grpc_received_bytes_total",
        "etcd_network_client_grpc_sent_bytes_total"}) {
    ExpectLine(std::string(name) + " 0");
  }
}

TEST_F(NetworkMetricsTest, AServerThatIsTakenBackIsNotCountedAnyMore) {
  world_.ConnectRaw();
  metrics_.Remove(&world_.server());
  ExpectLine("cornerstore_http_connections 0");
}

TEST_F(NetworkMetricsTest, WhatIsHeldForClientsIsTold) {
  auto budget = std::make_shared<http::SharedBudget>(1 << 20);
  budget->Take(4096);
  metrics_.Add(budget);
  ExpectLine("cornerstore_client_memory_bytes 4096");
  ExpectLine("cornerstore_client_memory_max_bytes 1.048576e+06");
}

TEST_F(NetworkMetricsTest, ABrokenRuleIsCounted) {
  http::testing::RawClient& client = world_.ConnectRaw();
  client.SendPreface();
  client.Send(http::testing::Frame{0, 0, 0, "data on stream 0"});
  world_.Settle();
  ExpectLine("cornerstore_http_protocol_errors_total 1");
}

}  // namespace
}  // namespace app
