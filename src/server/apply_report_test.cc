#include "server/apply_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "observe/testing/memory_sink.h"
#include "proto/raft_internal.pb.h"
#include "runtime/simulated/scheduler.h"

namespace server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kSlow = std::chrono::milliseconds(100);

class ApplyReportTest : public ::testing::Test {
 protected:
  ApplyReportTest() {
    request_.mutable_put()->set_key("foo");
    request_.mutable_put()->set_value("secret");
  }

  runtime::simulated::Scheduler scheduler_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  observe::Registry registry_;
  ApplyReport report_{&logger_, &registry_, kSlow};
  etcdserverpb::InternalRaftRequest request_;
};

TEST_F(ApplyReportTest, WhatIsQuickIsOnlyMeasured) {
  report_.Applied(request_, {}, kSlow);
  EXPECT_THAT(sink_.lines(), IsEmpty());
  EXPECT_THAT(registry_.Scrape(),
              HasSubstr("etcd_server_apply_duration_seconds_count{op=\"Put\",success=\"true\","
                        "version=\"v3\"} 1"));
}

TEST_F(ApplyReportTest, WhatIsSlowIsToldWithoutItsValues) {
  report_.Applied(request_, {}, kSlow + std::chrono::milliseconds(1));
  EXPECT_THAT(sink_.lines(),
              ElementsAre(AllOf(HasSubstr("apply request took too long"),
                                HasSubstr("\"took\":\"101ms\""), HasSubstr("value_size: 6"))));
  EXPECT_THAT(registry_.Scrape(), HasSubstr("etcd_server_slow_apply_total 1"));
}

TEST_F(ApplyReportTest, WhatFailsIsToldButForWhatWasCompactedAlready) {
  report_.Applied(request_, {base::errors::kCompacted}, {});
  EXPECT_THAT(sink_.lines(), IsEmpty());
  report_.Applied(request_, {base::errors::kLeaseNotFound}, {});
  EXPECT_THAT(sink_.lines(), ElementsAre(HasSubstr("failed to apply request")));
  EXPECT_THAT(registry_.Scrape(), HasSubstr("op=\"Put\",success=\"false\",version=\"v3\"} 1"));
}

}  // namespace
}  // namespace server
