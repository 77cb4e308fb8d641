#include "observe/line_sampler.h"

#include <gtest/gtest.h>

namespace observe {
namespace {

runtime::WallTime At(int64_t second) {
  return {.unix_nanos = second * 1'000'000'000};
}

int Admitted(LineSampler& sampler, std::string_view message, runtime::WallTime now, int lines) {
  int admitted = 0;
  for (int i = 0; i < lines; ++i) admitted += sampler.Admits(message, now) ? 1 : 0;
  return admitted;
}

TEST(LineSampler, OfAMessageThatRepeatsAHundredASecondAreWrittenAndThenEachHundredth) {
  LineSampler sampler;
  EXPECT_EQ(Admitted(sampler, "apply request took too long", At(1), 10'000), 100 + 99);
  EXPECT_EQ(Admitted(sampler, "apply request took too long", At(2), 50), 50);
}

TEST(LineSampler, OtherMessagesAreWritten) {
  LineSampler sampler;
  Admitted(sampler, "apply request took too long", At(1), 10'000);
  EXPECT_EQ(Admitted(sampler, "closed etcd server", At(1), 10), 10);
}

}  // namespace
}  // namespace observe
