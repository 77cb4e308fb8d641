#include "app/directory_lock.h"

#include <gtest/gtest.h>

#include "observe/testing/memory_sink.h"
#include "runtime/simulated/disk.h"
#include "runtime/simulated/scheduler.h"

namespace app {
namespace {

class DirectoryLockTest : public ::testing::Test {
 protected:
  base::Result<std::unique_ptr<runtime::File>> Lock(const std::function<bool()>& pause) {
    return LockDirectory(disk_, "/data", logger_, loop_->clock(), pause);
  }

  runtime::simulated::Scheduler scheduler_{1};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("loop");
  runtime::simulated::Disk disk_{1};
  observe::testing::MemorySink sink_;
  observe::Logger logger_{&loop_->clock(), &sink_, {}};
};

TEST_F(DirectoryLockTest, ALockThatIsFreeIsTakenAtOnce) {
  const auto lock = Lock([] { return false; });
  EXPECT_TRUE(lock.ok()) << lock.status().ToString();
  EXPECT_TRUE(*disk_.Exists("/data/member/lock"));
  EXPECT_TRUE(sink_.lines().empty());
}

TEST_F(DirectoryLockTest, WhoeverComesSecondWaitsAndSaysSo) {
  auto first = Lock([] { return false; });
  ASSERT_TRUE(first.ok());
  int pauses = 0;
  const auto second = Lock([&] {
    scheduler_.RunFor(std::chrono::seconds(1));
    if (++pauses == 25) first->reset();
    return true;
  });
  EXPECT_TRUE(second.ok());
  EXPECT_EQ(pauses, 25);
  EXPECT_EQ(sink_.lines().size(), 3U) << "at once, after 10 s, after 20 s";
}

TEST_F(DirectoryLockTest, TheWaitCanBeGivenUp) {
  const auto first = Lock([] { return false; });
  EXPECT_EQ(Lock([] { return false; }).status().code(), base::Code::kCanceled);
}

}  // namespace
}  // namespace app
