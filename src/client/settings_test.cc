#include "client/settings.h"

#include <gtest/gtest.h>

#include "runtime/posix/disk.h"

namespace client {
namespace {

using std::chrono::seconds;

etcd::ClientOptions Valid() {
  etcd::ClientOptions options;
  options.endpoints = {"127.0.0.1:2379"};
  return options;
}

base::Result<Settings> Check(const etcd::ClientOptions& options) {
  runtime::posix::Disk disk;
  return CheckOptions(options, disk);
}

void ExpectRefused(const etcd::ClientOptions& options, std::string_view why) {
  const base::Result<Settings> settings = Check(options);
  ASSERT_FALSE(settings.ok()) << why;
  EXPECT_EQ(settings.status().code(), base::Code::kInvalidArgument);
  EXPECT_NE(settings.status().message().find(why), std::string_view::npos)
      << settings.status().ToString();
}

TEST(ClientSettingsTest, TheDefaultsArePlainTextAndEtcdsSizes) {
  const base::Result<Settings> settings = Check(Valid());
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->tls, nullptr);
  EXPECT_EQ(settings->max_request_bytes, 2u * 1024 * 1024);
  EXPECT_EQ(settings->max_receive_bytes, 2147483647u);
  EXPECT_EQ(settings->keepalive_time, runtime::Duration::max());
}

TEST(ClientSettingsTest, EndpointsAreSpokenToAsEachSays) {
  auto options = Valid();
  options.endpoints = {"http://a:1", "https://b:1", "c:1", "https://d:1"};
  options.tls.insecure_skip_verify = true;
  auto settings = Check(options);
  ASSERT_TRUE(settings.ok()) << settings.status().ToString();
  const auto names = [](const std::vector<runtime::Address>& addresses) {
    std::string all;
    for (const runtime::Address& address : addresses) all += address.host;
    return all;
  };
  EXPECT_EQ(names(settings->endpoints), "bcd");
  EXPECT_EQ(names(settings->plain_endpoints), "a");
  options.tls = {};
  settings = Check(options);
  ASSERT_TRUE(settings.ok()) << settings.status().ToString();
  EXPECT_EQ(names(settings->endpoints), "bd");
  EXPECT_EQ(names(settings->plain_endpoints), "ac");
}

TEST(ClientSettingsTest, ContradictionsAreRefused) {
  auto options = Valid();
  options.endpoints.clear();
  ExpectRefused(options, "at least one Endpoint");
  options = Valid();
  options.user = "root";
  ExpectRefused(options, "needs a password");
  options.password = "secret";
  options.token = "token";
  ExpectRefused(options, "exclude each other");
  options = Valid();
  options.tls.cert_file = "cert";
  ExpectRefused(options, "must both be present");
  options = Valid();
  options.dial_timeout = seconds(-1);
  ExpectRefused(options, "negative");
  options = Valid();
  options.max_request_bytes = 10;
  options.max_receive_bytes = 9;
  ExpectRefused(options, "must be greater than send limit");
  options = Valid();
  options.max_attempts = 0;
  ExpectRefused(options, "max_attempts");
  options = Valid();
  options.retry_jitter_percent = 101;
  ExpectRefused(options, "retry_jitter_percent");
}

TEST(ClientSettingsTest, AFileThatCannotBeReadIsNamed) {
  auto options = Valid();
  options.tls.ca_file = "/nonexistent/ca.pem";
  ExpectRefused(options, "/nonexistent/ca.pem");
}

TEST(ClientSettingsTest, KeepaliveIsAtLeastTenSeconds) {
  auto options = Valid();
  options.keepalive_time = seconds(2);
  EXPECT_EQ(Check(options)->keepalive_time, seconds(10));
  options.keepalive_time = seconds(30);
  EXPECT_EQ(Check(options)->keepalive_time, seconds(30));
}

TEST(ClientSettingsTest, WhatIsZeroHasItsDefaultAndWhatIsTooShortItsMinimum) {
  auto options = Valid();
  options.keepalive_timeout = seconds(0);
  EXPECT_EQ(Check(options)->keepalive_timeout, seconds(20));
  EXPECT_EQ(Check(options)->max_pending_bytes, 256u * 1024 * 1024);
  EXPECT_EQ(Check(options)->auto_sync_interval, seconds(0));
  options.auto_sync_interval = std::chrono::milliseconds(1);
  EXPECT_EQ(Check(options)->auto_sync_interval, seconds(1));
  options.auto_sync_interval = seconds(-1);
  ExpectRefused(options, "negative");
}

TEST(ClientSettingsTest, HttpDropsTheTlsOptions) {
  auto options = Valid();
  options.tls.insecure_skip_verify = true;
  EXPECT_NE(Check(options)->tls, nullptr);
  options.endpoints = {"http://127.0.0.1:2379"};
  EXPECT_EQ(Check(options)->tls, nullptr);
}

}  // namespace
}  // namespace client
