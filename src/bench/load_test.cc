#include "bench/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/simulated/scheduler.h"

namespace bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

class BenchLoadTest : public ::testing::Test {
 protected:
  // The loop forgets it first.
  ~BenchLoadTest() override {
    Do([this] { load_.reset(); });
  }

  void Do(base::Callback<void()> task) {
    loop_->Post(std::move(task));
    scheduler_.RunFor(runtime::Duration(0));
  }
  // Requests are answered after `latency_`, unless they are held.
  void Start(const LoadOptions& options) {
    Do([&, options] {
      load_ = std::make_unique<Load>(
          loop_.get(), options,
          [this](size_t, uint64_t number, Load::Done done) {
            numbers_.push_back(number);
            held_.push_back(std::move(done));
            if (latency_.has_value()) {
              scheduler_.RunAt(loop_->clock().Now() + *latency_, loop_.get(), [this] { Answer(); });
            }
          },
          [this] { ++ends_; });
      load_->Start(loop_->clock().Now());
    });
  }
  void Answer(const base::Status& status = {}, size_t kind = 0) {
    ASSERT_FALSE(held_.empty());
    Load::Done done = std::move(held_.front());
    held_.pop_front();
    done(status, kind);
  }
  const Results& results(size_t kind = 0) const { return load_->results()[kind]; }

  runtime::simulated::Scheduler scheduler_{7};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("load");
  std::optional<runtime::Duration> latency_ = milliseconds(1);
  std::deque<Load::Done> held_;
  std::vector<uint64_t> numbers_;
  int ends_ = 0;
  std::unique_ptr<Load> load_;
};

TEST_F(BenchLoadTest, WithoutARateEachClientGoesOnWhenItIsAnswered) {
  Start({.clients = 10, .total = 1005});
  EXPECT_EQ(numbers_.size(), 10u);
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(results().done(), 1005u);
  EXPECT_EQ(load_->answered(), 1005u);
  EXPECT_EQ(load_->took(), milliseconds(101));
  EXPECT_EQ(results().latencies.smallest(), milliseconds(1));
  EXPECT_EQ(results().latencies.largest(), milliseconds(1));
}

TEST_F(BenchLoadTest, WithARateOneIsBegunWheneverOneIsDue) {
  Start({.clients = 3, .total = 100, .rate = 50});
  EXPECT_EQ(numbers_.size(), 1u);
  scheduler_.RunFor(milliseconds(999));
  EXPECT_EQ(numbers_.size(), 50u);
  scheduler_.RunFor(seconds(2));
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(results().done(), 100u);
  EXPECT_EQ(results().latencies.largest(), milliseconds(1));
}

// What a server that stands still for a second costs those that were due meanwhile.
TEST_F(BenchLoadTest, WhatWasDueWhileNoClientWasFreeCountsFromThen) {
  latency_.reset();
  Start({.clients = 1, .total = 100, .rate = 100});
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(numbers_.size(), 1u);
  latency_ = milliseconds(0);
  Do([this] { Answer(); });
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(results().done(), 100u);
  EXPECT_EQ(results().latencies.largest(), seconds(1));
  EXPECT_NEAR(results().latencies.MeanSeconds(), 0.505, 1e-3);
}

TEST_F(BenchLoadTest, OrFromWhenItWasSentIfThatIsWanted) {
  latency_.reset();
  Start({.clients = 1, .total = 100, .rate = 100, .from_due = false});
  scheduler_.RunFor(seconds(1));
  latency_ = milliseconds(0);
  Do([this] { Answer(); });
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(results().done(), 100u);
  EXPECT_EQ(results().latencies.largest(), seconds(1));
  EXPECT_NEAR(results().latencies.MeanSeconds(), 0.01, 1e-3);
}

TEST_F(BenchLoadTest, OfSeveralLoadsEachHasItsOwnNumbers) {
  Start({.clients = 2, .total = 10, .first = 1, .step = 3});
  scheduler_.RunFor(seconds(1));
  EXPECT_THAT(numbers_, ElementsAre(1, 4, 7));
  EXPECT_EQ(ends_, 1);
}

TEST_F(BenchLoadTest, WithNothingToDoItEndsAtOnce) {
  Start({.clients = 2, .total = 2, .first = 2, .step = 3});
  EXPECT_EQ(ends_, 1);
}

TEST_F(BenchLoadTest, ErrorsAreCountedByCodeAndText) {
  latency_.reset();
  Start({.clients = 3, .total = 3});
  Do([this] {
    Answer(base::Status(base::Code::kUnavailable, "etcdserver: request timed out"));
    Answer(base::Status(base::Code::kUnavailable, "etcdserver: request timed out"));
    Answer(base::Status(base::Code::kUnimplemented, "unknown method"));
  });
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(results().done(), 0u);
  EXPECT_EQ(results().failed(), 3u);
  EXPECT_EQ(load_->failed(), 3u);
  EXPECT_EQ(results().errors.at({base::Code::kUnavailable, "etcdserver: request timed out"}), 2u);
  EXPECT_EQ(results().errors.at({base::Code::kUnimplemented,
                                 "rpc error: code = Unimplemented desc = unknown method"}),
            1u);
}

TEST_F(BenchLoadTest, KindsHaveResultsOfTheirOwn) {
  latency_.reset();
  Start({.clients = 3, .total = 3, .kinds = 2});
  Do([this] {
    Answer({}, 0);
    Answer({}, 1);
    Answer({}, 1);
  });
  EXPECT_EQ(results(0).done(), 1u);
  EXPECT_EQ(results(1).done(), 2u);
}

TEST_F(BenchLoadTest, StoppedItEndsWithWhatIsUnderWay) {
  latency_.reset();
  Start({.clients = 2, .total = 100});
  Do([this] { load_->Stop(); });
  EXPECT_EQ(ends_, 0);
  Do([this] {
    Answer();
    Answer();
  });
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(results().done(), 2u);
}

TEST_F(BenchLoadTest, AbandonedItHasEndedWhateverIsAnsweredThen) {
  latency_.reset();
  Start({.clients = 2, .total = 100});
  Do([this] { load_->Abandon(); });
  EXPECT_EQ(ends_, 1);
  Do([this] { Answer(); });
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(results().done(), 0u);
  EXPECT_EQ(numbers_.size(), 2u);
}

TEST_F(BenchLoadTest, SecondsOfTheCalendarAreKeptIfTheyAreWanted) {
  scheduler_.SetWallOffset(seconds(1000));
  Start({.clients = 1, .total = 3, .rate = 2, .keeps_seconds = true});
  scheduler_.RunFor(seconds(2));
  ASSERT_EQ(results().seconds.size(), 2u);
  EXPECT_EQ(results().seconds.begin()->second.count, 2u);
  EXPECT_EQ(results().seconds.begin()->second.largest, milliseconds(1));
}

}  // namespace
}  // namespace bench
