#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/asio/loop.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "runtime/posix/loop_pool.h"
#include "runtime/simulated/scheduler.h"

// What every Loop promises, asked of each implementation.

namespace runtime {
namespace {

using std::chrono::milliseconds;

// A loop that the test's thread runs.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Loop& loop() = 0;
  // Runs until Stop has been called on the loop.
  virtual void Run() = 0;
  virtual void Stop() = 0;
};

class AsioSubject final : public Subject {
 public:
  Loop& loop() override { return loop_; }
  void Run() override { loop_.Run(); }
  void Stop() override { loop_.Stop(); }

 private:
  asio::Loop loop_;
};

// Is held up until the test runs it.
class PooledSubject final : public Subject {
 public:
  PooledSubject() {
    loop_->Post([this] { run_.get_future().wait(); });
  }
  Loop& loop() override { return *loop_; }
  void Run() override {
    run_.set_value();
    stop_.get_future().wait();
    pool_.Stop();
  }
  void Stop() override { stop_.set_value(); }

 private:
  std::promise<void> run_;
  std::promise<void> stop_;
  posix::LoopPool pool_{"subject", 1};
  Loop* const loop_ = pool_.NewLoop(posix::LoopPool::Turns::kMayBlock);
};

class SimulatedSubject final : public Subject {
 public:
  Loop& loop() override { return *loop_; }
  void Run() override {
    while (!stopped_ && scheduler_.Step()) {
    }
    EXPECT_TRUE(stopped_) << "nothing is left to happen";
  }
  void Stop() override { stopped_ = true; }

 private:
  simulated::Scheduler scheduler_{1};
  std::unique_ptr<Loop> loop_ = scheduler_.NewLoop("subject");
  bool stopped_ = false;
};

struct Kind {
  const char* name;
  std::unique_ptr<Subject> (*make)();
};

class LoopContractTest : public ::testing::TestWithParam<Kind> {
 protected:
  Loop& loop() { return subject_->loop(); }
  void Run() { subject_->Run(); }
  void Stop() { subject_->Stop(); }

 private:
  std::unique_ptr<Subject> subject_ = GetParam().make();
};

TEST_P(LoopContractTest, RunsTasksInOrderOnItsOwnThread) {
  std::vector<int> order;
  EXPECT_FALSE(loop().IsCurrent());
  loop().Post([&] {
    EXPECT_TRUE(loop().IsCurrent());
    order.push_back(1);
    loop().Post([&] {
      order.push_back(3);
      Stop();
    });
  });
  loop().Post([&] { order.push_back(2); });
  Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_P(LoopContractTest, EndsATurnWithWhatItCollected) {
  std::vector<std::string> order;
  loop().Post([&] {
    loop().AtEndOfTurn([&] {
      order.emplace_back("end");
      loop().AtEndOfTurn([&] { order.emplace_back("end of the end"); });
      loop().Post([&] {
        order.emplace_back("next turn");
        Stop();
      });
    });
    order.emplace_back("first");
  });
  Run();
  EXPECT_EQ(order, (std::vector<std::string>{"first", "end", "end of the end", "next turn"}));
}

TEST_P(LoopContractTest, SlicesRunInTheirOrderBehindWhatIsReady) {
  std::vector<std::string> order;
  loop().Post([&] {
    loop().PostSlice([&] {
      order.emplace_back("slice 1");
      loop().PostSlice([&] {
        order.emplace_back("slice 3");
        Stop();
      });
    });
    loop().PostSlice([&] { order.emplace_back("slice 2"); });
    order.emplace_back("event");
  });
  Run();
  EXPECT_EQ(order, (std::vector<std::string>{"event", "slice 1", "slice 2", "slice 3"}));
}

TEST_P(LoopContractTest, WhatEventsCollectedIsSentOnBeforeLongWork) {
  std::vector<std::string> order;
  loop().Post([&] {
    loop().PostSlice([&] {
      order.emplace_back("slice");
      loop().AtEndOfTurn([&] {
        order.emplace_back("end of the slice");
        Stop();
      });
    });
    loop().AtEndOfTurn([&] { order.emplace_back("end of the event"); });
    order.emplace_back("event");
  });
  Run();
  EXPECT_EQ(order,
            (std::vector<std::string>{"event", "end of the event", "slice", "end of the slice"}));
}

TEST_P(LoopContractTest, LongWorkKeepsNeitherEventsNorTheEndOfTheTurnWaiting) {
  int events = 0;
  int ends = 0;
  bool stopped = false;
  base::Callback<void()> slice = [&] {
    if (!stopped) loop().PostSlice([&] { slice(); });
  };
  base::Callback<void()> event = [&] {
    loop().AtEndOfTurn([&] { ++ends; });
    stopped = ++events == 100;
    if (stopped) return Stop();
    loop().Post([&] { event(); });
  };
  loop().Post([&] {
    slice();
    event();
  });
  Run();
  EXPECT_EQ(events, 100);
  EXPECT_GT(ends, 0);
}

TEST_P(LoopContractTest, EventsKeepNoSliceWaiting) {
  int slices = 0;
  base::Callback<void()> slice = [&] {
    if (++slices == 20) return Stop();
    loop().PostSlice([&] { slice(); });
  };
  base::Callback<void()> event = [&] {
    if (slices < 20) loop().Post([&] { event(); });
  };
  loop().Post([&] {
    slice();
    event();
  });
  Run();
  EXPECT_EQ(slices, 20);
}

TEST_P(LoopContractTest, TimersExpireInOrderAndCanBeRearmed) {
  std::vector<int> order;
  const auto late = loop().NewTimer([&] {
    order.push_back(2);
    Stop();
  });
  const auto early = loop().NewTimer([&] { order.push_back(1); });
  const auto moved = loop().NewTimer([&] { order.push_back(-1); });
  const auto disarmed = loop().NewTimer([&] { order.push_back(-2); });
  const TimePoint start = loop().clock().Now();
  late->Arm(milliseconds(30));
  early->Arm(milliseconds(10));
  moved->Arm(milliseconds(5));
  moved->Arm(std::chrono::hours(1));
  disarmed->Arm(milliseconds(5));
  disarmed->Disarm();
  Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_GE(loop().clock().Now() - start, milliseconds(30));
}

TEST_P(LoopContractTest, ATimerExpiresAsItWasArmedLastAndOnce) {
  std::vector<int> order;
  const auto add = [&](int number) {
    return loop().NewTimer([&order, number] { order.push_back(number); });
  };
  const auto end = loop().NewTimer([&] { Stop(); });
  const auto sooner = add(1);
  const auto plain = add(2);
  const auto later = add(3);
  const auto again = add(4);
  const auto rearming = add(5);
  std::unique_ptr<Timer> repeated;
  int repeats = 0;
  repeated = loop().NewTimer([&] {
    if (++repeats < 3) repeated->Arm(milliseconds(1));
  });
  end->Arm(milliseconds(200));
  sooner->Arm(std::chrono::hours(1));
  sooner->Arm(milliseconds(10));
  plain->Arm(milliseconds(40));
  later->Arm(milliseconds(5));
  later->Arm(milliseconds(70));
  again->Arm(milliseconds(5));
  again->Disarm();
  again->Arm(milliseconds(100));
  rearming->Arm(milliseconds(130));
  rearming->Arm(milliseconds(20));
  rearming->Arm(milliseconds(130));
  repeated->Arm(milliseconds(1));
  Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_EQ(repeats, 3);
}

TEST_P(LoopContractTest, ATimerMayBeDestroyedByItsOwnCallback) {
  std::unique_ptr<Timer> timer = loop().NewTimer([&] {
    timer.reset();
    Stop();
  });
  timer->Arm(milliseconds(1));
  Run();
  EXPECT_EQ(timer, nullptr);
}

TEST_P(LoopContractTest, AMailboxDrainsOncePerBatchAndRefusesBeyondItsBound) {
  std::vector<std::vector<int>> batches;
  Mailbox<int> mailbox(&loop(), 3, [&](std::vector<int>& batch) {
    batches.push_back(batch);
    if (batches.size() == 2) Stop();
  });
  EXPECT_TRUE(mailbox.Push(1));
  EXPECT_TRUE(mailbox.Push(2));
  EXPECT_TRUE(mailbox.Push(3));
  EXPECT_FALSE(mailbox.Push(4));
  loop().Post([&] { EXPECT_TRUE(mailbox.Push(5)); });
  Run();
  EXPECT_EQ(batches, (std::vector<std::vector<int>>{{1, 2, 3}, {5}}));
}

TEST_P(LoopContractTest, AMailboxMayGoAwayWithMessagesOnTheirWay) {
  auto mailbox = std::make_unique<Mailbox<int>>(
      &loop(), 3, [](std::vector<int>&) { FAIL() << "nobody is there to receive it"; });
  EXPECT_TRUE(mailbox->Push(1));
  mailbox.reset();
  loop().Post([&] { Stop(); });
  Run();
}

INSTANTIATE_TEST_SUITE_P(
    EachLoop, LoopContractTest,
    ::testing::Values(Kind{"Asio", [] { return std::unique_ptr<Subject>(new AsioSubject); }},
                      Kind{"Pooled", [] { return std::unique_ptr<Subject>(new PooledSubject); }},
                      Kind{"Simulated",
                           [] { return std::unique_ptr<Subject>(new SimulatedSubject()); }}),
    [](const auto& param) { return std::string(param.param.name); });

// Virtual time stands still within a turn, so that this holds for real loops alone.
TEST(AsioLoopTest, ATurnIsBoundedByTimeAndNotByTheNumberOfItsEvents) {
  const Duration kOne = std::chrono::microseconds(100);
  asio::Loop loop;
  const auto be_busy = [&loop, kOne] {
    const TimePoint until = loop.clock().Now() + kOne;
    while (loop.clock().Now() < until) {
    }
  };
  int this_turn = 0;
  int longest = 0;
  int total = 0;
  base::Callback<void()> event = [&] {
    be_busy();
    if (this_turn++ == 0) {
      loop.AtEndOfTurn([&] { longest = std::max(longest, std::exchange(this_turn, 0)); });
    }
    if (++total == 500) return loop.Stop();
    loop.Post([&] { event(); });
  };
  loop.Post([&] { event(); });
  loop.Run();
  // An event that takes longer than it should makes a turn shorter, never longer; one more runs
  // before the first turn, and the clock is not looked at after each.
  EXPECT_LE(longest, kTurnTime / kOne + 5);
}

TEST(AsioLoopTest, LongWorkIsBoundedByTimeAndNotByTheNumberOfItsSlices) {
  asio::Loop loop;
  const Duration kOne = kSliceTime / 4;
  int this_turn = 0;
  int longest = 0;
  int total = 0;
  base::Callback<void()> slice = [&] {
    const TimePoint until = loop.clock().Now() + kOne;
    while (loop.clock().Now() < until) {
    }
    if (this_turn++ == 0) {
      loop.AtEndOfTurn([&] { longest = std::max(longest, std::exchange(this_turn, 0)); });
    }
    if (++total == 500) return loop.Stop();
    loop.PostSlice([&] { slice(); });
  };
  loop.Post([&] { slice(); });
  loop.Run();
  // One more runs before the first turn.
  EXPECT_LE(longest, kSliceTime / kOne + 1);
}

TEST(LoopThreadTest, ManyThreadsReachOneLoopThroughAMailbox) {
  constexpr int kSenders = 4;
  constexpr int kMessages = 20'000;
  std::vector<std::vector<int>> received(kSenders);
  asio::LoopThread receiver("receiver");
  std::atomic<int> left{kSenders * kMessages};
  Mailbox<std::pair<int, int>> mailbox(&receiver.loop(), 1000, [&](auto& batch) {
    for (const auto& [sender, number] : batch) received[sender].push_back(number);
    left -= static_cast<int>(batch.size());
  });
  {
    std::vector<std::unique_ptr<asio::LoopThread>> senders;
    for (int sender = 0; sender < kSenders; ++sender) {
      senders.push_back(std::make_unique<asio::LoopThread>("sender"));
      senders.back()->loop().Post([&mailbox, sender] {
        for (int number = 0; number < kMessages; ++number) {
          while (!mailbox.Push({sender, number})) std::this_thread::yield();
        }
      });
    }
    while (left > 0) std::this_thread::yield();
  }
  for (const std::vector<int>& numbers : received) {
    ASSERT_EQ(numbers.size(), static_cast<size_t>(kMessages));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

}  // namespace
}  // namespace runtime
