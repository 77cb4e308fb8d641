#include "api/identity/password_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/workers.h"

namespace identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr milliseconds kWork{50};

// Work as quickly as it is told, not at all, or refuse; all that was kept back may come to its end.
class TestWorkers final : public runtime::Workers {
 public:
  explicit TestWorkers(runtime::simulated::Scheduler* scheduler)
      : workers_(scheduler, {.latency_min = kWork, .latency_max = kWork}) {}

  bool Run(base::Callback<void()> work, runtime::Loop* reply_to,
           base::Callback<void()> done) override {
    if (refuses) return false;
    ++asked;
    if (!stands_still) return workers_.Run(std::move(work), reply_to, std::move(done));
    held_.push_back({std::move(work), reply_to, std::move(done)});
    return true;
  }
  void GoOn() {
    stands_still = false;
    for (Held& each : std::exchange(held_, {})) {
      EXPECT_TRUE(workers_.Run(std::move(each.work), each.reply_to, std::move(each.done)));
    }
  }

  int asked = 0;
  bool stands_still = false;
  bool refuses = false;

 private:
  struct Held {
    base::Callback<void()> work;
    runtime::Loop* reply_to;
    base::Callback<void()> done;
  };
  runtime::simulated::Workers workers_;
  std::vector<Held> held_;
};

class PasswordRunnerTest : public ::testing::Test {
 protected:
  // Asks for a comparison; when it was done stands in ended_ms_.
  bool Run(const std::string& password = "secret") {
    auto work = std::make_shared<PasswordWork>(
        PasswordWork{.password = Secret(std::string(password)), .hash = hash_, .salt = {}});
    PasswordRunner::OnDone on_done = [this](const PasswordWork::Outcome& outcome) {
      rights_.push_back(outcome.is_right);
      const auto now = scheduler_.clock().Now() - begin_;
      ended_ms_.push_back(std::chrono::duration_cast<milliseconds>(now).count());
    };
    return runner_->Run(std::move(work), &on_done);
  }

  runtime::simulated::Scheduler scheduler_{1};
  const runtime::TimePoint begin_ = scheduler_.clock().Now();
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("home");
  TestWorkers idle_{&scheduler_};
  TestWorkers steady_{&scheduler_};
  std::shared_ptr<PasswordRunner> runner_ =
      std::make_shared<PasswordRunner>(PasswordRunner::Lanes{&idle_, &steady_}, loop_.get());
  std::vector<int64_t> ended_ms_;
  std::vector<bool> rights_;
  const std::string hash_ =
      auth::HashPassword("secret", auth::kBcryptCostMin, "sixteen of bytes").value();
};

TEST_F(PasswordRunnerTest, IdleWorkersDoAllWhileTheyGetOn) {
  EXPECT_TRUE(Run("secret"));
  scheduler_.RunFor(seconds(3));
  EXPECT_TRUE(Run("guess"));
  scheduler_.RunFor(seconds(3));
  EXPECT_THAT(ended_ms_, ElementsAre(50, 3050));
  EXPECT_THAT(rights_, ElementsAre(true, false));
  EXPECT_EQ(steady_.asked, 0);
}

TEST_F(PasswordRunnerTest, HowMuchWaitsForThemDoesNotCountAsLongAsTheyGetOn) {
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(Run());
    scheduler_.RunFor(milliseconds(40));
  }
  scheduler_.RunFor(seconds(3));
  EXPECT_EQ(rights_.size(), 60);
  EXPECT_EQ(steady_.asked, 0);
}

TEST_F(PasswordRunnerTest, WhereIdleWorkersDoNothingForASecondSteadyOnesStepIn) {
  idle_.stands_still = true;
  EXPECT_TRUE(Run());
  scheduler_.RunFor(milliseconds(400));
  EXPECT_TRUE(Run());
  scheduler_.RunFor(milliseconds(599));
  EXPECT_EQ(steady_.asked, 0);
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(ended_ms_.size(), 2);
  EXPECT_EQ(ended_ms_.front(), 1050);
  EXPECT_EQ(steady_.asked, 2);
}

TEST_F(PasswordRunnerTest, WhatBothHaveDoneIsToldOnce) {
  idle_.stands_still = true;
  EXPECT_TRUE(Run());
  scheduler_.RunFor(seconds(2));
  idle_.GoOn();
  scheduler_.RunFor(seconds(2));
  EXPECT_EQ(rights_.size(), 1);
}

TEST_F(PasswordRunnerTest, SteadyWorkersGoOnForTenSecondsAndThenIdleOnesAreTried) {
  idle_.stands_still = true;
  EXPECT_TRUE(Run());
  scheduler_.RunFor(seconds(2));
  EXPECT_TRUE(Run());
  scheduler_.RunFor(seconds(2));
  EXPECT_THAT(ended_ms_, ElementsAre(1050, 2050));
  EXPECT_EQ(idle_.asked, 1);
  idle_.GoOn();
  scheduler_.RunFor(seconds(8));
  EXPECT_TRUE(Run());
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(rights_.size(), 3);
  EXPECT_EQ(idle_.asked, 2);
}

TEST_F(PasswordRunnerTest, SteadyWorkersWithoutRoomAreAskedAgain) {
  idle_.stands_still = true;
  steady_.refuses = true;
  EXPECT_TRUE(Run());
  scheduler_.RunFor(seconds(3));
  EXPECT_THAT(ended_ms_, IsEmpty());
  steady_.refuses = false;
  scheduler_.RunFor(seconds(2));
  EXPECT_EQ(ended_ms_.size(), 1);
}

TEST_F(PasswordRunnerTest, WithoutRoomNothingIsTaken) {
  idle_.refuses = true;
  EXPECT_FALSE(Run());
  scheduler_.RunFor(seconds(3));
  EXPECT_THAT(ended_ms_, IsEmpty());
  EXPECT_EQ(steady_.asked, 0);
}

TEST_F(PasswordRunnerTest, WhatIsNotDoneWhenItEndsIsNeverTold) {
  idle_.stands_still = true;
  EXPECT_TRUE(Run());
  scheduler_.RunFor(milliseconds(1020));
  runner_.reset();
  idle_.GoOn();
  scheduler_.RunFor(seconds(3));
  EXPECT_THAT(ended_ms_, IsEmpty());
}

}  // namespace
}  // namespace identity
