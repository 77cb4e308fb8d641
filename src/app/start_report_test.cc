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

}  // namespace
}  // namespace app
