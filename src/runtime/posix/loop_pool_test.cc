#include "runtime/posix/loop_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/asio/loop.h"
#include "runtime/posix/clock.h"

namespace runtime::posix {
namespace {

using std::chrono::milliseconds;
using Turns = LoopPool::Turns;

class LoopPoolTest : public ::testing::Test {
 protected:
  // Lets the test wait for what happens on a loop.
  void Done() {
    thread_ = std::this_thread::get_id();
    done_.release();
  }
  // Returns the thread that it happened on.
  std::thread::id Wait() {
    done_.acquire();
    return thread_;
  }

  std::thread::id thread_;
  std::binary_semaphore done_{0};
  std::binary_semaphore second_ran_{0};
  std::binary_semaphore brief_ran_{0};
  LoopPool pool_{"pool", 3};
  Loop* const first_ = pool_.NewLoop(Turns::kMayBlock);
  Loop* const second_ = pool_.NewLoop(Turns::kMayBlock);
  Loop* const brief_ = pool_.NewLoop(Turns::kBrief);
};

TEST_F(LoopPoolTest, AThreadThatIsDoneRunsTheLoopThatItGaveWorkTo) {
  // But for the times when another thread has not quite left that loop yet.
  int on_one_thread = 0;
  for (int round = 0; round < 100; ++round) {
    std::thread::id giver;
    first_->Post([&] {
      giver = std::this_thread::get_id();
      second_->Post([&] { Done(); });
    });
    if (Wait() == giver) ++on_one_thread;
  }
  EXPECT_GT(on_one_thread, 0);
}

TEST_F(LoopPoolTest, ALoopThatIsNotDoneLeavesWhatItGaveToAnotherThread) {
  std::thread::id giver;
  first_->Post([&] {
    giver = std::this_thread::get_id();
    second_->Post([&] {
      second_ran_.release();
      Done();
    });
    first_->PostSlice([] {
      const TimePoint end = Clock().Now() + kSliceTime;
      while (Clock().Now() < end) {
      }
    });
    first_->PostSlice([&] { second_ran_.acquire(); });
  });
  EXPECT_NE(Wait(), giver);
}

TEST_F(LoopPoolTest, WhoGivesToTwoRunsOneAndAnotherThreadTheOther) {
  first_->Post([&] {
    second_->Post([&] {
      second_ran_.release();
      brief_ran_.acquire();
      Done();
    });
    brief_->Post([&] {
      brief_ran_.release();
      second_ran_.acquire();
    });
  });
  Wait();
}

TEST_F(LoopPoolTest, TimersExpireWhileOtherLoopsAreBusy) {
  std::promise<void> expired;
  std::unique_ptr<Timer> timer;
  std::promise<void> armed;
  brief_->Post([&] {
    timer = brief_->NewTimer([&] {
      timer.reset();
      expired.set_value();
    });
    timer->Arm(milliseconds(5));
    armed.set_value();
  });
  armed.get_future().wait();
  std::shared_future<void> end = expired.get_future().share();
  std::promise<void> first_ended;
  std::promise<void> second_ended;
  first_->Post([&] { end.wait(), first_ended.set_value(); });
  second_->Post([&] { end.wait(), second_ended.set_value(); });
  first_ended.get_future().wait();
  second_ended.get_future().wait();
}

TEST_F(LoopPoolTest, ALentThreadRunsBriefLoopsAndNoOthers) {
  asio::LoopThread lent("lent", &pool_);
  std::thread::id lender;
  lent.loop().Post([&] {
    lender = std::this_thread::get_id();
    brief_->Post([&] { Done(); });
  });
  EXPECT_EQ(Wait(), lender);
  lent.loop().Post([&] { first_->Post([&] { Done(); }); });
  EXPECT_NE(Wait(), lender);
}

TEST_F(LoopPoolTest, ALentThreadThatIsBusyPassesOn) {
  asio::LoopThread lent("lent", &pool_);
  std::thread::id lender;
  lent.loop().Post([&] {
    lender = std::this_thread::get_id();
    brief_->Post([&] {
      brief_ran_.release();
      Done();
    });
    // The clock is not looked at after each.
    for (int event = 0; event < 8; ++event) {
      lent.loop().Post([] {
        const TimePoint end = Clock().Now() + kTurnTime / 4;
        while (Clock().Now() < end) {
        }
      });
    }
    lent.loop().Post([&] { brief_ran_.acquire(); });
  });
  EXPECT_NE(Wait(), lender);
}

TEST_F(LoopPoolTest, ALentThreadRunsBriefLoopsBeforeLongWorkOfItsOwn) {
  asio::LoopThread lent("lent", &pool_);
  std::thread::id lender;
  bool brief_ran = false;
  lent.loop().Post([&] {
    lender = std::this_thread::get_id();
    brief_->Post([&] { brief_ran = true; });
    lent.loop().PostSlice([&] {
      EXPECT_TRUE(brief_ran);
      Done();
    });
  });
  EXPECT_EQ(Wait(), lender);
}

TEST_F(LoopPoolTest, WhatALentThreadLeavesBehindIsRun) {
  {
    asio::LoopThread lent("lent", &pool_);
    std::promise<void> given;
    lent.loop().Post([&] {
      brief_->Post([&] { Done(); });
      lent.loop().Stop();
      given.set_value();
    });
    given.get_future().wait();
  }
  Wait();
}

TEST_F(LoopPoolTest, WhatWaitsWhenItStopsIsDropped) {
  auto token = std::make_shared<int>();
  std::binary_semaphore blocked{0};
  std::binary_semaphore goes_on{0};
  first_->Post([&] {
    blocked.release();
    goes_on.acquire();
    second_->Post([token] { FAIL(); });
    first_->PostSlice([] {
      const TimePoint end = Clock().Now() + kTurnTime;
      while (Clock().Now() < end) {
      }
    });
    first_->PostSlice([token] { FAIL(); });
  });
  blocked.acquire();
  std::thread stopper([this] { pool_.Stop(); });
  std::this_thread::sleep_for(milliseconds(50));  // it has begun, and waits for the turn
  goes_on.release();
  stopper.join();
  second_->Post([token] { FAIL(); });
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(LoopPoolTest, ItStopsThoughALoopAlwaysHasMoreToDo) {
  base::Callback<void()> again;
  again = [&] { first_->PostSlice([&] { again(); }); };
  first_->Post([&] {
    again();
    Done();
  });
  Wait();
  pool_.Stop();
}

// Every message arrives once and in order, whoever runs the loops.
TEST_F(LoopPoolTest, LoopsThatGiveEachOtherWorkLoseNone) {
  constexpr int kRounds = 20'000;
  constexpr size_t kSenders = 2;
  const std::vector<Loop*> loops = {first_, second_, brief_};
  std::vector<std::vector<int>> seen(kSenders);
  std::vector<std::promise<void>> ended(kSenders);
  // Each sender's messages go through all loops.
  const auto arrive = [&](size_t sender, int round) {
    seen[sender].push_back(round);
    if (round + 1 == kRounds) ended[sender].set_value();
  };
  std::vector<std::unique_ptr<asio::LoopThread>> senders;
  for (size_t sender = 0; sender < kSenders; ++sender) {
    senders.push_back(std::make_unique<asio::LoopThread>("sender", sender == 0 ? &pool_ : nullptr));
    senders.back()->loop().Post([&, sender] {
      for (int round = 0; round < kRounds; ++round) {
        loops[2]->Post([&, sender, round] {
          loops[0]->Post([&, sender, round] {
            loops[1]->Post([&, sender, round] { arrive(sender, round); });
          });
        });
      }
    });
  }
  for (std::promise<void>& end : ended) end.get_future().wait();
  for (const std::vector<int>& rounds : seen) {
    ASSERT_EQ(rounds.size(), static_cast<size_t>(kRounds));
    EXPECT_TRUE(std::is_sorted(rounds.begin(), rounds.end()));
  }
}

}  // namespace
}  // namespace runtime::posix
