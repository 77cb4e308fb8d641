#include "runtime/posix/workers.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "runtime/asio/loop.h"
#include "runtime/posix/clock.h"

namespace runtime::posix {
namespace {

TEST(WorkersTest, RunsWorkElsewhereAndAnswersOnTheLoop) {
  asio::Loop loop;
  Workers workers("worker", 2, 100);
  std::thread::id worked_on;
  const bool accepted = workers.Run([&] { worked_on = std::this_thread::get_id(); }, &loop,
                                    [&] {
                                      EXPECT_TRUE(loop.IsCurrent());
                                      loop.Stop();
                                    });
  ASSERT_TRUE(accepted);
  loop.Run();
  EXPECT_NE(worked_on, std::thread::id());
  EXPECT_NE(worked_on, std::this_thread::get_id());
}

TEST(WorkersTest, RefusesBeyondItsBound) {
  asio::Loop loop;
  std::atomic<bool> started{false};
  std::atomic<bool> released{false};
  Workers workers("worker", 1, 1);
  const auto wait = [&] {
    started = true;
    while (!released) std::this_thread::yield();
  };
  ASSERT_TRUE(workers.Run(wait, &loop, [] {}));
  while (!started) std::this_thread::yield();
  EXPECT_TRUE(workers.Run([] {}, &loop, [&] { loop.Stop(); }));
  EXPECT_FALSE(workers.Run([] {}, &loop, [] {}));
  released = true;
  loop.Run();
}

TEST(WorkersTest, WorkAsNicelyAsTheyAreTold) {
  asio::Loop loop;
  const int before = ::getpriority(PRIO_PROCESS, 0);
  Workers workers("worker", 1, 1, 7);
  int niceness = 0;
  ASSERT_TRUE(
      workers.Run([&] { niceness = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); },
                  &loop, [&] { loop.Stop(); }));
  loop.Run();
  EXPECT_EQ(niceness, 7);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
}

TEST(ClockTest, MonotonicTimeDoesNotGoBackAndSeedsDiffer) {
  const Clock clock;
  const TimePoint before = clock.Now();
  EXPECT_GE(clock.Now(), before);
  EXPECT_GT(clock.WallNow().unix_nanos, int64_t{1'700'000'000} * 1'000'000'000);
  EXPECT_NE(EntropySeed(), EntropySeed());
}

}  // namespace
}  // namespace runtime::posix
