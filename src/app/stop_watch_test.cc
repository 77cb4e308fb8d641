#include "app/stop_watch.h"

#include <gtest/gtest.h>

#include <future>

#include "observe/testing/memory_sink.h"
#include "runtime/posix/clock.h"

namespace app {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class StopWatchTest : public ::testing::Test {
 protected:
  const runtime::posix::Clock clock_{};
  observe::testing::MemorySink sink_;
  const observe::Logger logger_{&clock_, &sink_, {}};
  std::promise<void> given_up_;
};

TEST_F(StopWatchTest, WhatDoesNotComeIsNamedAndGivenUp) {
  {
    StopWatch watch(&logger_, [this] { given_up_.set_value(); });
    watch.Expect("connections", hours(1));
    watch.Expect("the disk", milliseconds(1));
    given_up_.get_future().wait();
  }
  ASSERT_EQ(sink_.lines().size(), 1U);
  EXPECT_NE(sink_.lines()[0].find("\"waits-for\":\"the disk\",\"waited\":\"1ms\""),
            std::string::npos)
      << sink_.lines()[0];
}

TEST_F(StopWatchTest, WhatEndsInTimeIsNotTold) {
  {
    StopWatch watch(&logger_, [] { FAIL(); });
    watch.Expect("the disk", hours(1));
  }
  {
    StopWatch never_asked(&logger_, [] { FAIL(); });
  }
  EXPECT_TRUE(sink_.lines().empty());
}

}  // namespace
}  // namespace app
