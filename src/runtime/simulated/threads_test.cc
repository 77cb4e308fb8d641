#include "runtime/simulated/threads.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/simulated/scheduler.h"

namespace runtime::simulated {
namespace {

using std::chrono::milliseconds;

TEST(FiberTest, GoesOnFromWhereItWaited) {
  std::string order;
  Fiber fiber([&order] {
    for (const char letter : {'a', 'b'}) {
      const std::string kept(100, letter);
      order += letter;
      Fiber::Suspend();
      order += kept.back();
    }
  });
  while (!fiber.ended()) {
    EXPECT_EQ(Fiber::Current(), nullptr);
    fiber.Resume();
    order += '.';
  }
  EXPECT_EQ(order, "a.ab.b.");
}

TEST(FiberTest, MayNeverHaveBegun) {
  const Fiber fiber([] {});
  EXPECT_FALSE(fiber.ended());
}

// As deep as a call of the library goes, with room to spare.
int Depth(int left) {
  volatile char used[1024] = {};
  used[0] = static_cast<char>(left);
  return left == 0 ? used[0] : Depth(left - 1) + (used[0] - used[0]) + 1;
}

TEST(FiberTest, HasRoom) {
  int depth = 0;
  Fiber fiber([&depth] { depth = Depth(300); });
  fiber.Resume();
  EXPECT_EQ(depth, 300);
}

class ThreadsTest : public ::testing::Test {
 protected:
  Scheduler scheduler_{1};
  const std::unique_ptr<Loop> loop_ = scheduler_.NewLoop("other");
  Threads threads_{&scheduler_, "threads"};
};

TEST_F(ThreadsTest, SleepInVirtualTime) {
  const TimePoint began = scheduler_.clock().Now();
  std::string order;
  for (const int longer : {1, 0}) {
    threads_.Start([this, &order, longer] {
      threads_.Sleep(milliseconds(10 + longer));
      order += longer == 0 ? 'a' : 'b';
    });
  }
  EXPECT_EQ(threads_.count(), 2u);
  while (scheduler_.Step()) {
  }
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(scheduler_.clock().Now() - began, milliseconds(11));
  EXPECT_EQ(threads_.count(), 0u);
}

TEST_F(ThreadsTest, WaitForWhatOthersDo) {
  std::string order;
  threads_.Start([this, &order] {
    int answer = 0;
    threads_.Wait([&](const std::function<void()>& end) {
      loop_->Post([&] {
        EXPECT_EQ(Fiber::Current(), nullptr);
        answer = 42;
        end();
        order += "asked ";
      });
    });
    order += std::to_string(answer);
  });
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(order, "asked 42");
}

TEST_F(ThreadsTest, WhatEndsAtOnceIsNotWaitedFor) {
  bool has_ended = false;
  threads_.Start([&] {
    threads_.Wait([](const std::function<void()>& end) { end(); });
    has_ended = true;
  });
  scheduler_.RunFor(milliseconds(1));
  EXPECT_TRUE(has_ended);
}

// One that waits keeps nobody, and one may begin another.
TEST_F(ThreadsTest, RunBesideEachOther) {
  std::function<void()> wake;
  std::string order;
  threads_.Start([&] {
    threads_.Start([&] { order += "second "; });
    threads_.Wait([&](const std::function<void()>& end) { wake = [&end] { end(); }; });
    order += "first";
  });
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(order, "second ");
  wake();
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(order, "second first");
}

}  // namespace
}  // namespace runtime::simulated
