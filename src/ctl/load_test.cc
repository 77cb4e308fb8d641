#include "ctl/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ctl/histogram.h"
#include "runtime/simulated/scheduler.h"

namespace ctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;

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
          [this](const LoadEnding& ending) {
            if (ending.kind >= latencies_.size()) latencies_.resize(ending.kind + 1);
            if (ending.status.ok()) latencies_[ending.kind].Record(ending.latency);
            began_.push_back(ending.began.unix_nanos);
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
  // Of a kind, what was done.
  const Histogram& latencies(size_t kind = 0) const { return latencies_[kind]; }

  runtime::simulated::Scheduler scheduler_{7};
  const std::unique_ptr<runtime::Loop> loop_ = scheduler_.NewLoop("load");
  std::optional<runtime::Duration> latency_ = milliseconds(1);
  std::deque<Load::Done> held_;
  std::vector<uint64_t> numbers_;
  std::vector<Histogram> latencies_ = std::vector<Histogram>(1);  // by kind
  std::vector<int64_t> began_;
  int ends_ = 0;
  std::unique_ptr<Load> load_;
};

TEST_F(LoadTest, WithoutARateEachClientGoesOnWhenItIsAnswered) {
  Start({.clients = 10, .total = 1005});
  EXPECT_EQ(numbers_.size(), 10u);
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(latencies().count(), 1005u);
  EXPECT_EQ(load_->answered(), 1005u);
  EXPECT_EQ(load_->took(), milliseconds(101));
  EXPECT_EQ(latencies().smallest(), milliseconds(1));
  EXPECT_EQ(latencies().largest(), milliseconds(1));
}

TEST_F(LoadTest, WithARateOneIsBegunWheneverOneIsDue) {
  Start({.clients = 3, .total = 100, .rate = 50});
  EXPECT_EQ(numbers_.size(), 1u);
  scheduler_.RunFor(milliseconds(999));
  EXPECT_EQ(numbers_.size(), 50u);
  scheduler_.RunFor(seconds(2));
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(latencies().count(), 100u);
  EXPECT_EQ(latencies().largest(), milliseconds(1));
}

// What a server that stands still for a second costs those that were due meanwhile.
TEST_F(LoadTest, WhatWasDueWhileNoClientWasFreeCountsFromThen) {
  latency_.reset();
  Start({.clients = 1, .total = 100, .rate = 100});
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(numbers_.size(), 1u);
  latency_ = milliseconds(0);
  Do([this] { Answer(); });
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(latencies().count(), 100u);
  EXPECT_EQ(latencies().largest(), seconds(1));
  EXPECT_NEAR(latencies().MeanSeconds(), 0.505, 1e-3);
}

TEST_F(LoadTest, OrFromWhenItWasSentIfThatIsWanted) {
  latency_.reset();
  Start({.clients = 1, .total = 100, .rate = 100, .from_due = false});
  scheduler_.RunFor(seconds(1));
  latency_ = milliseconds(0);
  Do([this] { Answer(); });
  scheduler_.RunFor(milliseconds(1));
  EXPECT_EQ(latencies().count(), 100u);
  EXPECT_EQ(latencies().largest(), seconds(1));
  EXPECT_NEAR(latencies().MeanSeconds(), 0.01, 1e-3);
}

TEST_F(LoadTest, OfSeveralLoadsEachHasItsOwnNumbers) {
  Start({.clients = 2, .total = 10, .first = 1, .step = 3});
  scheduler_.RunFor(seconds(1));
  EXPECT_THAT(numbers_, ElementsAre(1, 4, 7));
  EXPECT_EQ(ends_, 1);
}

TEST_F(LoadTest, WithNothingToDoItEndsAtOnce) {
  Start({.clients = 2, .total = 2, .first = 2, .step = 3});
  EXPECT_EQ(ends_, 1);
}

TEST_F(LoadTest, KindsHaveResultsOfTheirOwn) {
  latency_.reset();
  Start({.clients = 3, .total = 3});
  Do([this] {
    Answer({}, 0);
    Answer({}, 1);
    Answer({}, 1);
  });
  EXPECT_EQ(latencies(0).count(), 1u);
  EXPECT_EQ(latencies(1).count(), 2u);
}

TEST_F(LoadTest, StoppedItEndsWithWhatIsUnderWay) {
  latency_.reset();
  Start({.clients = 2, .total = 100});
  Do([this] { load_->Stop(); });
  EXPECT_EQ(ends_, 0);
  Do([this] {
    Answer();
    Answer();
  });
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(latencies().count(), 2u);
}

TEST_F(LoadTest, AbandonedItHasEndedWhateverIsAnsweredThen) {
  latency_.reset();
  Start({.clients = 2, .total = 100});
  Do([this] { load_->Abandon(); });
  EXPECT_EQ(ends_, 1);
  Do([this] { Answer(); });
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(latencies().count(), 0u);
  EXPECT_EQ(numbers_.size(), 2u);
}

TEST_F(LoadTest, WhatFailsIsNotDone) {
  latency_.reset();
  Start({.clients = 2, .total = 2});
  Do([this] {
    Answer(base::Status(base::Code::kUnavailable, "etcdserver: request timed out"));
    Answer();
  });
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(load_->failed(), 1u);
  EXPECT_EQ(load_->answered(), 2u);
  EXPECT_EQ(latencies().count(), 1u);
}

TEST_F(LoadTest, EachIsToldWithWhenItBeganByTheCalendar) {
  scheduler_.SetWallOffset(seconds(1000));
  Start({.clients = 1, .total = 3, .rate = 2});
  const int64_t first = began_.empty() ? 0 : began_.front();
  scheduler_.RunFor(seconds(2));
  ASSERT_EQ(began_.size(), 3u);
  EXPECT_EQ(began_[2] - began_[0], 1'000'000'000);
  EXPECT_GE(began_[0], seconds(1000).count() * 1'000'000'000);
  EXPECT_EQ(first, 0);
}

TEST_F(LoadTest, AfterItsTimeNoneIsBegun) {
  Start({.clients = 2, .rate = 150, .time = seconds(60)});
  scheduler_.RunFor(milliseconds(995));
  EXPECT_EQ(numbers_.size(), 150u);
  scheduler_.RunFor(seconds(60));
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(latencies().count(), 9000u);
  EXPECT_NEAR(std::chrono::duration<double>(load_->took()).count(), 60, 0.01);
}

TEST_F(LoadTest, TheEndIsThatOfTheLastRequest) {
  latency_.reset();
  Start({.clients = 1, .rate = 1, .time = seconds(1)});
  scheduler_.RunFor(seconds(5));
  EXPECT_EQ(ends_, 0);
  Do([this] { Answer(); });
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(load_->took(), seconds(5));
}

TEST_F(LoadTest, WhatIsTooLateIsLeftOut) {
  latency_.reset();
  Start({.clients = 2, .rate = 1000, .from_due = false, .late_max = 2, .time = seconds(2)});
  scheduler_.RunFor(milliseconds(1500));
  EXPECT_EQ(numbers_.size(), 2u);
  latency_ = milliseconds(0);
  Do([this] {
    Answer();
    Answer();
  });
  // The two that were held, the two that waited, and the one that is due now.
  EXPECT_THAT(numbers_.size(), AllOf(Ge(4u), Le(6u)));
  EXPECT_THAT(numbers_.back(), AllOf(Ge(1499u), Le(1501u)));
  scheduler_.RunFor(seconds(1));
  EXPECT_EQ(ends_, 1);
  EXPECT_NEAR(static_cast<double>(latencies().count()), 504, 2);
  EXPECT_EQ(latencies().largest(), milliseconds(1500));
}

}  // namespace
}  // namespace ctl
