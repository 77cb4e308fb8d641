#include "server/raft_trace.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "raft/trace_json.h"
#include "runtime/simulated/scheduler.h"

namespace server {
namespace {

class RaftTraceTest : public ::testing::Test {
 protected:
  RaftTrace Open(uint64_t bytes_max) {
    return RaftTrace(&scheduler_.clock(),
                     {.bytes_max = bytes_max,
                      .write = [this](std::string_view line) { lines_.emplace_back(line); },
                      .on_full = [this] { ++full_; }});
  }

  runtime::simulated::Scheduler scheduler_{1};
  const raft::TraceEvent event_{.node = base::MemberId(3)};
  std::vector<std::string> lines_;
  int full_ = 0;
};

TEST_F(RaftTraceTest, LinesHaveTheTimeOfTheirStep) {
  RaftTrace trace = Open(1 << 20);
  trace.Trace(event_);
  scheduler_.RunFor(std::chrono::seconds(2));
  trace.Trace(event_);
  ASSERT_EQ(lines_.size(), 2u);
  const int64_t now = scheduler_.clock().WallNow().unix_nanos;
  EXPECT_EQ(lines_[0], raft::TraceLine(event_, now - 2'000'000'000));
  EXPECT_EQ(lines_[1], raft::TraceLine(event_, now));
}

TEST_F(RaftTraceTest, ItEndsWithAWholeLineAtItsBoundAndSaysSoOnce) {
  const size_t size = raft::TraceLine(event_, scheduler_.clock().WallNow().unix_nanos).size();
  RaftTrace trace = Open(2 * size + 1);
  for (int i = 0; i < 4; ++i) trace.Trace(event_);
  EXPECT_EQ(lines_.size(), 2u);
  EXPECT_EQ(full_, 1);
}

TEST_F(RaftTraceTest, NothingIsWrittenAfterItsEnd) {
  RaftTrace trace = Open(1 << 20);
  trace.End();
  trace.Trace(event_);
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(full_, 0);
}

}  // namespace
}  // namespace server
