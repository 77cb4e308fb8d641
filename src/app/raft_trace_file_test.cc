#include "app/raft_trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "observe/testing/memory_sink.h"
#include "raft/trace_json.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"

namespace app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kPath[] = "/trace";

class RaftTraceFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<server::RaftTrace> Open(uint64_t bytes_max) {
    config::MemberConfig config;
    config.raft_trace_file = kPath;
    config.raft_trace_bytes = bytes_max;
    return OpenRaftTrace(config, &disk_, &scheduler_.clock(), &logger_).value();
  }
  std::string Line() const {
    return raft::TraceLine(event_, scheduler_.clock().WallNow().unix_nanos);
  }
  base::Bytes Written() {
    base::Bytes bytes;
    const auto file = disk_.Open(kPath, runtime::OpenMode::kRead);
    EXPECT_TRUE((*file)->ReadAt(0, 1 << 20, &bytes).ok());
    return bytes;
  }

  runtime::simulated::Scheduler scheduler_{1};
  runtime::simulated::Disk disk_{1};
  observe::testing::MemorySink sink_;
  const observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  const raft::TraceEvent event_{.node = base::MemberId(3)};
};

TEST_F(RaftTraceFileTest, EachStartAddsToTheFile) {
  for (int start = 0; start < 2; ++start) Open(1 << 20)->Trace(event_);
  EXPECT_EQ(Written(), Line() + Line());
}

TEST_F(RaftTraceFileTest, TheBoundIsThatOfTheFile) {
  const uint64_t bytes_max = 2 * Line().size();
  Open(bytes_max)->Trace(event_);
  const auto trace = Open(bytes_max);
  for (int i = 0; i < 3; ++i) trace->Trace(event_);
  EXPECT_EQ(Written(), Line() + Line());
  EXPECT_THAT(sink_.lines(), ElementsAre(HasSubstr("has reached its bound and ends here")));
}

TEST_F(RaftTraceFileTest, ADiskThatTakesNoMoreEndsItWithAWarning) {
  const auto trace = Open(1 << 20);
  trace->Trace(event_);
  disk_.FailPowerAfter(1);
  for (int i = 0; i < 3; ++i) trace->Trace(event_);
  EXPECT_THAT(sink_.lines(), ElementsAre(HasSubstr("cannot write the trace of raft")));
}

}  // namespace
}  // namespace app
