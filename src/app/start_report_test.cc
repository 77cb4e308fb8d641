#include "app/start_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/testing/memory_sink.h"
#include "runtime/posix/clock.h"

namespace app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StartReportTest : public ::testing::Test {
 protected:
  std::vector<std::string> Limits() {
    observe::testing::MemorySink sink;
    LogLimits({config_, options_, 1, false}, observe::Logger(&clock_, &sink, {}));
    return sink.lines();
  }

  // The line of the start.
  std::string Start(bool is_initialized) {
    observe::testing::MemorySink sink;
    LogStart({config_, options_, 2, is_initialized}, observe::Logger(&clock_, &sink, {}));
    EXPECT_EQ(sink.lines().size(), 1u);
    return sink.lines().front();
  }

  const runtime::posix::Clock clock_{};
  config::ServerConfig config_;
  server::Options options_;
};

TEST_F(StartReportTest, TheQuotaIsTold) {
  EXPECT_THAT(Limits(), ElementsAre(AllOf(HasSubstr("enabled backend quota with default value"),
                                          HasSubstr("\"quota-size-bytes\":2147483648"),
                                          HasSubstr("\"quota-size\":\"2.1 GB\""))));
  config_.backend.quota_bytes = options_.quota_backend_bytes = 1'000'000;
  EXPECT_THAT(Limits(), ElementsAre(AllOf(HasSubstr("\"enabled backend quota\""),
                                          HasSubstr("\"quota-size\":\"1.0 MB\""))));
  config_.backend.quota_bytes = options_.quota_backend_bytes = -1;
  EXPECT_THAT(Limits(), ElementsAre(AllOf(HasSubstr("\"disabled backend quota\""),
                                          HasSubstr("\"quota-size-bytes\":-1"))));
}

TEST_F(StartReportTest, WhatIsMoreThanRecommendedIsWarnedOf) {
  config_.backend.quota_bytes = options_.quota_backend_bytes = int64_t{8} << 30;
  config_.client_api.max_request_bytes = 10 << 20;
  EXPECT_THAT(Limits(), ElementsAre(HasSubstr("\"enabled backend quota\"")));
  ++options_.quota_backend_bytes;
  ++config_.client_api.max_request_bytes;
  EXPECT_THAT(Limits(), ElementsAre(AllOf(HasSubstr("exceeded recommended request limit"),
                                          HasSubstr("\"recommended-request-size\":\"10 MB\"")),
                                    AllOf(HasSubstr("quota exceeds the maximum value"),
                                          HasSubstr("\"quota-maximum-size\":\"8.6 GB\"")),
                                    HasSubstr("\"enabled backend quota\"")));
}

TEST_F(StartReportTest, TheInitialClusterIsToldInItsSortedForm) {
  config_.cluster.initial_cluster = "m=HTTP://b:2,m=http://a:1";
  EXPECT_THAT(Start(false), AllOf(HasSubstr("\"initial-cluster\":\"m=http://a:1,m=http://b:2\""),
                                  HasSubstr("\"initial-cluster-token\":\"etcd-cluster\"")));
}

TEST_F(StartReportTest, AMemberThatHasStartedBeforeTellsNoInitialCluster) {
  EXPECT_THAT(Start(true), AllOf(HasSubstr("\"initial-cluster\":\"\""),
                                 HasSubstr("\"initial-cluster-token\":\"\"")));
}

TEST_F(StartReportTest, WhoWillBeDiscoveredIsAloneAtFirst) {
  config_.discovery.endpoints = {"z:1", "a:1"};
  config_.discovery.token = "t";
  config_.discovery.user = "u";
  EXPECT_THAT(Start(false),
              AllOf(HasSubstr("\"initial-cluster\":\"default=http://localhost:2380\""),
                    HasSubstr("\"initial-cluster-token\":\"t\""),
                    HasSubstr("\"discovery-endpoints\":\"a:1,z:1\""),
                    HasSubstr("\"discovery-dial-timeout\":\"2s\""),
                    HasSubstr("\"discovery-insecure-transport\":true"),
                    HasSubstr("\"discovery-user\":\"u\"")));
}

TEST_F(StartReportTest, GatesThatNobodyHasSetAreNotTold) {
  EXPECT_THAT(Start(false), HasSubstr("\"feature-gates\":\"\""));
  ASSERT_TRUE(config_.features.Set("CompactHashCheck=false").ok());
  EXPECT_THAT(Start(false), HasSubstr("\"feature-gates\":\"CompactHashCheck=false\""));
}

TEST_F(StartReportTest, ARetentionIsATimeWhicheverTheMode) {
  EXPECT_THAT(Start(false), AllOf(HasSubstr("\"auto-compaction-retention\":\"0s\""),
                                  HasSubstr("\"auto-compaction-interval\":\"0s\"")));
  options_.auto_compaction.period = std::chrono::hours(1);
  EXPECT_THAT(Start(false), AllOf(HasSubstr("\"auto-compaction-retention\":\"1h0m0s\""),
                                  HasSubstr("\"auto-compaction-interval\":\"1h0m0s\"")));
  options_.auto_compaction = {.period = {}, .revisions = 1000};
  EXPECT_THAT(Start(false), AllOf(HasSubstr("\"auto-compaction-retention\":\"1µs\""),
                                  HasSubstr("\"auto-compaction-interval\":\"1µs\"")));
}

TEST_F(StartReportTest, AnElectionTimeoutIsAWholeNumberOfHeartbeats) {
  options_.heartbeat_interval = std::chrono::milliseconds(50);
  options_.election_timeout = std::chrono::milliseconds(333);
  EXPECT_THAT(Start(false), HasSubstr("\"election-timeout\":\"300ms\""));
}

}  // namespace
}  // namespace app
