#include "ctl/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "runtime/simulated/scheduler.h"

namespace ctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::Pair;

class LoadTest : public ::testing::Test {
 protected:
  // The loop forgets it first.
  ~LoadTest() override {
    Do([this] { load_.reset(); });
  }

  void Do(base::Callback<void()> task) {
    loop_->Post(std::move(task));
    scheduler_.RunFor(runtime::Duration(0));
  }
  // Puts are answered after `latency_`, unless they are held.
  void Start(const LoadOptions& options) {
    Do([&, options] {
      load_ = std::make_unique<Load>(
          loop_.get(), options,
          [this](size_t client, Load::Done done) {
            ++begun_;
            last_client_ = client;
            held_.push_back(std::move(done));
            if (latency_.has_value()) {
              scheduler_.RunAt(loop_->clock().Now() + *latency_, loop_.get(), [this] { Answer(); });
            }
          },
          [this](const LoadReport& report) {
            ++reports_;
            report_ = report;
          });
      load_->Start();
    });
  }
  void Answer(const std::string& error = "") {
    ASSERT_FALSE(held_.empty());
    const Load::Done done = std::move(held_.front());
    held_.pop_front();
    done(error);
  }

  runtime::simulated::Scheduler scheduler_{7};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("load");
  std::optional<runtime::Duration> latency_ = milliseconds(1);
  std::deque<Load::Done> held_;
  uint64_t begun_ = 0;
  size_t last_client_ = 0;
  int reports_ = 0;
  LoadReport report_;
  std::unique_ptr<Load> load_;
};

TEST_F(LoadTest, AsManyPutsAreBegunAsTheRateSays) {
  Start({.clients = 2, .puts_per_second = 150, .time = seconds(60)});
  EXPECT_EQ(begun_, 1u);
  scheduler_.RunFor(milliseconds(995));
  EXPECT_EQ(begun_, 150u);
  scheduler_.RunFor(seconds(60));
  EXPECT_EQ(reports_, 1);
  EXPECT_EQ(report_.done, 9000u);
  EXPECT_NEAR(report_.PerSecond(), 150, 0.1);
  EXPECT_NEAR(report_.slowest, 0.001, 1e-6);
  EXPECT_NEAR(report_.deviation, 0, 1e-6);
}

TEST_F(LoadTest, WithoutARateEachClientGoesOnWhenItIsAnswered) {
  Start({.clients = 10, .puts = 1005});
  EXPECT_EQ(begun_, 10u);
  EXPECT_EQ(last_client_, 9u);
  scheduler_.RunFor(milliseconds(100));
  EXPECT_EQ(begun_, 1005u);
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(reports_, 1);
  EXPECT_EQ(report_.done, 1005u);
  EXPECT_NEAR(report_.seconds, 0.101, 1e-6);
}

TEST_F(LoadTest, WhatTheClientsFallBehindWithIsBegunLaterUpToOneForEach) {
  latency_.reset();
  Start({.clients = 2, .puts_per_second = 1000, .time = seconds(2)});
  scheduler_.RunFor(milliseconds(1500));
  EXPECT_EQ(begun_, 2u);
  latency_ = milliseconds(0);
  Do([this] {
    Answer();
    Answer();
  });
  // The two that were held, the two that waited, and the one that is due now.
  EXPECT_THAT(begun_, ::testing::AllOf(::testing::Ge(4u), ::testing::Le(6u)));
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(reports_, 1);
  EXPECT_NEAR(static_cast<double>(report_.done), 504, 2);
  EXPECT_NEAR(report_.slowest, 1.5, 1e-6);
}

TEST_F(LoadTest, TheEndIsThatOfTheLastPut) {
  latency_.reset();
  Start({.clients = 1, .puts_per_second = 1, .time = seconds(1)});
  scheduler_.RunFor(seconds(5));
  EXPECT_EQ(reports_, 0);
  Do([this] { Answer(); });
  EXPECT_EQ(reports_, 1);
  EXPECT_NEAR(report_.seconds, 5, 1e-6);
}

TEST_F(LoadTest, AStopLeavesOutWhatWasNotBegun) {
  latency_.reset();
  Start({.clients = 1, .puts_per_second = 1000, .time = seconds(60)});
  scheduler_.RunFor(milliseconds(100));
  Do([this] { load_->Stop(); });
  EXPECT_EQ(reports_, 0);
  Do([this] { Answer(); });
  EXPECT_EQ(reports_, 1);
  EXPECT_EQ(begun_, 1u);
  scheduler_.RunFor(seconds(60));
  EXPECT_EQ(reports_, 1);
}

TEST_F(LoadTest, FailuresAreCountedByTheirTextsAndNotMeasured) {
  latency_.reset();
  Start({.clients = 4, .puts = 4});
  scheduler_.RunFor(milliseconds(10));
  Do([this] {
    Answer("b");
    Answer("a");
    Answer("b");
  });
  scheduler_.RunFor(milliseconds(10));
  Do([this] { Answer(); });
  EXPECT_THAT(report_.errors, ElementsAre(Pair("a", 1), Pair("b", 2)));
  EXPECT_EQ(report_.done, 1u);
  EXPECT_NEAR(report_.slowest, 0.02, 1e-6);
}

TEST_F(LoadTest, TheDeviationIsOfAllThatWereDone) {
  latency_.reset();
  Start({.clients = 2, .puts = 2});
  scheduler_.RunFor(milliseconds(100));
  Do([this] { Answer(); });
  scheduler_.RunFor(milliseconds(200));
  Do([this] { Answer(); });
  EXPECT_NEAR(report_.deviation, 0.1, 1e-6);
}

TEST_F(LoadTest, NothingDoneIsNothingMeasured) {
  const LoadReport nothing;
  EXPECT_EQ(nothing.PerSecond(), 0);
  EXPECT_EQ(nothing.deviation, 0);
}

}  // namespace
}  // namespace ctl
