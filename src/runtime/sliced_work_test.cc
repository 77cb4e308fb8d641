#include "runtime/sliced_work.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "runtime/simulated/scheduler.h"
#include "runtime/slice.h"

namespace runtime {
namespace {

class SlicedWorkTest : public ::testing::Test {
 protected:
  // Work of so many steps.
  std::unique_ptr<SlicedWork> Work(int steps) {
    left_ = steps;
    return std::make_unique<SlicedWork>(SlicedWork::Parts{.loop = loop_.get(),
                                                          .step =
                                                              [this] {
                                                                ++done_;
                                                                return --left_ > 0;
                                                              },
                                                          .on_slice = [this] { ++slices_; }});
  }

  void Wake(SlicedWork& work) {
    loop_->Post([&work] { work.Wake(); });
  }

  simulated::Scheduler scheduler_{1};
  const std::unique_ptr<Loop> loop_ = scheduler_.NewLoop("loop");
  int left_ = 0;
  int done_ = 0;
  int slices_ = 0;
};

TEST_F(SlicedWorkTest, IsDoneInSlicesUntilThereIsNoMore) {
  const auto work = Work(3 * Slice::kStepsMax);
  Wake(*work);
  scheduler_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(done_, 3 * Slice::kStepsMax);
  EXPECT_EQ(slices_, 3);
}

TEST_F(SlicedWorkTest, IsWokenOnceHoweverOften) {
  const auto work = Work(1);
  Wake(*work);
  Wake(*work);
  scheduler_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(slices_, 1);
  left_ = 2;
  Wake(*work);
  scheduler_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(done_, 3);
  EXPECT_EQ(slices_, 2);
}

TEST_F(SlicedWorkTest, IsWokenFromWithin) {
  std::unique_ptr<SlicedWork> work;
  work = std::make_unique<SlicedWork>(SlicedWork::Parts{.loop = loop_.get(),
                                                        .step =
                                                            [&] {
                                                              ++done_;
                                                              return false;
                                                            },
                                                        .on_slice =
                                                            [&] {
                                                              if (++slices_ < 3) work->Wake();
                                                            }});
  Wake(*work);
  scheduler_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(done_, 3);
}

TEST_F(SlicedWorkTest, OthersHaveTheirTurnBetween) {
  const auto work = Work(2 * Slice::kStepsMax);
  int done_before = -1;
  loop_->Post([&] {
    work->Wake();
    EXPECT_EQ(done_, 0);
    loop_->PostSlice([&] { done_before = done_; });
  });
  scheduler_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(done_before, Slice::kStepsMax);
}

TEST_F(SlicedWorkTest, NothingIsDoneOnceItIsDestroyed) {
  auto work = Work(1);
  loop_->Post([&] {
    work->Wake();
    work.reset();
  });
  scheduler_.RunFor(std::chrono::seconds(1));
  EXPECT_EQ(done_, 0);
}

}  // namespace
}  // namespace runtime
