#include "runtime/posix/workers.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <memory>
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

TEST(WorkersTest, HaveThePriorityThatTheyAreGiven) {
  struct Given {
    int policy = -1;
    int niceness = -1;
  };
  const auto given = [](Priority priority) {
    asio::Loop loop;
    Workers workers("worker", 1, 1, priority);
    Given seen;
    EXPECT_TRUE(workers.Run(
        [&] {
          seen = {::sched_getscheduler(0),
                  ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()))};
        },
        &loop, [&] { loop.Stop(); }));
    loop.Run();
    return seen;
  };
  const int before = ::getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(given(Priority::kNormal).niceness, before);
  EXPECT_EQ(given(Priority::kPrompt).policy, SCHED_OTHER);
  EXPECT_EQ(given(Priority::kPrompt).niceness, before);
  EXPECT_EQ(given(Priority::kLow).policy, SCHED_OTHER);
  EXPECT_EQ(given(Priority::kLow).niceness, 10);
  EXPECT_EQ(given(Priority::kIdle).policy, SCHED_IDLE);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
}

TEST(WorkersTest, IdleWorkThatDoesNotEndIsLeftAloneAndToldToNobody) {
  struct Stuck {
    std::atomic<bool> started{false};
    std::atomic<bool> released{false};
    std::atomic<bool> ended{false};
  };
  const auto stuck = std::make_shared<Stuck>();
  bool is_told = false;
  {
    asio::Loop loop;
    Workers workers("worker", 1, 1, Priority::kIdle);
    ASSERT_TRUE(workers.Run(
        [stuck] {
          stuck->started = true;
          while (!stuck->released) std::this_thread::yield();
          stuck->ended = true;
        },
        &loop, [&] { is_told = true; }));
    while (!stuck->started) std::this_thread::yield();
  }
  stuck->released = true;
  while (!stuck->ended) std::this_thread::yield();
  EXPECT_FALSE(is_told);
}

// On a busy machine an idle thread gets next to nothing.
constexpr std::chrono::minutes kLongGrace{5};

TEST(WorkersTest, IdleWorkThatEndsIsWaitedFor) {
  asio::Loop loop;
  std::atomic<bool> started{false};
  std::atomic<bool> ended{false};
  {
    Workers workers("worker", 1, 1, Priority::kIdle, kLongGrace);
    ASSERT_TRUE(workers.Run(
        [&] {
          started = true;
          for (int i = 0; i < 100; ++i) std::this_thread::yield();
          ended = true;
        },
        &loop, [&] { loop.Stop(); }));
    while (!started) std::this_thread::yield();
  }
  EXPECT_TRUE(ended);
  loop.Run();
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
