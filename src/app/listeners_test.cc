#include "app/listeners.h"

#include <gtest/gtest.h>

namespace app {
namespace {

config::ServerConfig ListeningOn(std::vector<config::Url> client_urls) {
  config::ServerConfig config;
  config.listen.client_urls = std::move(client_urls);
  return config;
}

TEST(ListenersTest, AClientUrlServesEverything) {
  const auto plans = PlanListeners(ListeningOn({{"http", "10.0.0.1", 1, ""}}));
  ASSERT_TRUE(plans.ok());
  ASSERT_EQ(plans->size(), 1u);
  EXPECT_EQ(plans->at(0).address, (runtime::Address{"10.0.0.1", 1, ""}));
  EXPECT_EQ(plans->at(0).surface, Surface::kAll);
  EXPECT_TRUE(plans->at(0).plaintext);
  EXPECT_FALSE(plans->at(0).tls);
}

TEST(ListenersTest, LocalhostIsTheFourthVersionsAddress) {
  const auto plans = PlanListeners(ListeningOn({{"http", "localhost", 1, ""}}));
  EXPECT_EQ(plans->at(0).address.host, "127.0.0.1");
}

TEST(ListenersTest, ASocketOfTheFileSystemHasNoHost) {
  const auto plans = PlanListeners(ListeningOn({{"unix", "", 0, "/a/socket"}}));
  EXPECT_EQ(plans->at(0).address, (runtime::Address{"", 0, "/a/socket"}));
}

TEST(ListenersTest, BothSchemesShareOneSocket) {
  config::ServerConfig config =
      ListeningOn({{"http", "a", 1, ""}, {"https", "a", 1, ""}, {"https", "a", 2, ""}});
  config.client_tls.cert_file = "cert";
  const auto plans = PlanListeners(config);
  ASSERT_TRUE(plans.ok());
  ASSERT_EQ(plans->size(), 2u);
  EXPECT_TRUE(plans->at(0).plaintext);
  EXPECT_TRUE(plans->at(0).tls);
  EXPECT_FALSE(plans->at(1).plaintext);
  EXPECT_TRUE(plans->at(1).tls);
}

TEST(ListenersTest, WithHttpUrlsTheOthersSpeakGrpc) {
  config::ServerConfig config = ListeningOn({{"http", "a", 1, ""}});
  config.listen.client_http_urls = {{"http", "a", 2, ""}};
  config.listen.metrics_urls = {{"http", "a", 3, ""}, {"http", "a", 1, ""}};
  const auto plans = PlanListeners(config);
  ASSERT_TRUE(plans.ok());
  ASSERT_EQ(plans->size(), 4u);
  EXPECT_EQ(plans->at(0).surface, Surface::kGrpc);
  EXPECT_EQ(plans->at(1).surface, Surface::kHttp);
  EXPECT_EQ(plans->at(1).address.port, 2);
  EXPECT_EQ(plans->at(2).surface, Surface::kMetrics);
  EXPECT_EQ(plans->at(3).surface, Surface::kMetrics);
  EXPECT_EQ(plans->at(3).address.port, 1);
}

TEST(ListenersTest, OnePlaceIsNotForGrpcAndForHttp) {
  config::ServerConfig config = ListeningOn({{"http", "a", 1, ""}});
  config.listen.client_http_urls = {{"http", "a", 1, ""}};
  EXPECT_EQ(PlanListeners(config).status().message(),
            "cannot bind both --listen-client-urls and --listen-client-http-urls on the same url "
            "http://a:1");
}

TEST(ListenersTest, TlsNeedsACertificate) {
  const std::string of_clients =
      "TLS key/cert (--cert-file, --key-file) must be provided for client url https://a:1 with "
      "HTTPS scheme";
  for (const auto& [urls, text] : {std::pair(&config::ListenConfig::client_urls, of_clients),
                                   {&config::ListenConfig::client_http_urls, of_clients},
                                   {&config::ListenConfig::metrics_urls,
                                    "client TLS key/cert (--cert-file, --key-file) must be "
                                    "provided for metrics secure url"}}) {
    config::ServerConfig config;
    config.listen.*urls = {{"https", "a", 1, ""}};
    const auto plans = PlanListeners(config);
    ASSERT_FALSE(plans.ok());
    EXPECT_EQ(plans.status().code(), base::Code::kInvalidArgument);
    EXPECT_EQ(plans.status().message(), text);
    config.client_tls.auto_tls = true;
    EXPECT_TRUE(PlanListeners(config).ok());
  }
  config::ServerConfig config;
  config.listen.peer_urls = {{"https", "a", 1, ""}};
  EXPECT_EQ(PlanPeerListeners(config).status().message(),
            "cannot listen on TLS for a:1: KeyFile and CertFile are not presented");
}

}  // namespace
}  // namespace app
