#include "runtime/posix/parker.h"

#include <gtest/gtest.h>

#include <thread>

#include "runtime/posix/clock.h"

namespace runtime::posix {
namespace {

TEST(ParkerTest, WhatComesBeforeIsNotLost) {
  Parker parker;
  parker.Unpark();
  parker.Unpark();
  parker.Park();
  // One wake-up was all that there was.
  const TimePoint begin = Clock().Now();
  parker.Park(std::chrono::milliseconds(20));
  EXPECT_GE(Clock().Now() - begin, std::chrono::milliseconds(10));
}

TEST(ParkerTest, ATimeThatHasPassedDoesNotWait) {
  Parker parker;
  parker.Park(Duration(-1));
  parker.Park(Duration(0));
}

TEST(ParkerTest, TwoThreadsTakeTurns) {
  constexpr int kTurns = 20'000;
  Parker one;
  Parker other;
  int turn = 0;  // written by one thread at a time: the wake-up hands it over
  std::thread thread([&] {
    for (int i = 0; i < kTurns; ++i) {
      other.Park();
      ++turn;
      one.Unpark();
    }
  });
  for (int i = 0; i < kTurns; ++i) {
    ++turn;
    other.Unpark();
    one.Park();
  }
  thread.join();
  EXPECT_EQ(turn, 2 * kTurns);
}

}  // namespace
}  // namespace runtime::posix
