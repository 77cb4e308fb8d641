#include "ctl/repeated.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>

namespace ctl {
namespace {

TEST(RepeatedTest, ItIsDoneAgainAndAgain) {
  std::promise<void> thrice;
  int count = 0;
  const Repeated repeated("repeated", std::chrono::milliseconds(1), [&] {
    if (++count == 3) thrice.set_value();
  });
  thrice.get_future().wait();
}

TEST(RepeatedTest, ItsEndWaitsForNoPeriod) {
  const Repeated repeated("repeated", std::chrono::hours(1), [] { FAIL() << "an hour is over"; });
}

}  // namespace
}  // namespace ctl
