#include "runtime/slice.h"

#include <gtest/gtest.h>

#include "runtime/simulated/scheduler.h"

namespace runtime {
namespace {

TEST(SliceTest, IsOverAfterSoManySteps) {
  simulated::Scheduler scheduler{1};
  Slice slice(scheduler.clock());
  for (int i = 0; i < Slice::kStepsMax; ++i) EXPECT_FALSE(slice.IsOver()) << i;
  EXPECT_TRUE(slice.IsOver());
}

TEST(SliceTest, IsOverWhenItsTimeHasPassedSinceTheSecondStep) {
  simulated::Scheduler scheduler{1};
  Slice slice(scheduler.clock());
  EXPECT_FALSE(slice.IsOver());
  scheduler.RunFor(kSliceTime);
  EXPECT_FALSE(slice.IsOver());
  scheduler.RunFor(kSliceTime - std::chrono::microseconds(1));
  EXPECT_FALSE(slice.IsOver());
  scheduler.RunFor(std::chrono::microseconds(1));
  EXPECT_TRUE(slice.IsOver());
}

}  // namespace
}  // namespace runtime
