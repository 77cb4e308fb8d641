#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "bench/results.h"
#include "runtime/loop.h"

namespace bench {

// When puts of values that are known apart were begun and ended, and what events came of them.
// Written on one loop.
class EventCounter {
 public:
  struct Options {
    uint64_t puts = 0;
    uint64_t expected = 0;  // events
    bool keeps_seconds = false;
  };
  // `on_all` is called once, on the loop, when as many events have come as are expected.
  EventCounter(runtime::Loop* loop, const Options& options, std::function<void()> on_all)
      : loop_(*loop),
        expected_(options.expected),
        on_all_(std::move(on_all)),
        began_(options.puts),
        ended_(options.puts),
        since_begin_(options.keeps_seconds),
        since_end_(options.keeps_seconds) {}

  void OnPutBegun(uint64_t number);
  void OnPutEnded(uint64_t number) { ended_[number] = loop_.clock().Now(); }
  // An event of the put has come to somebody. One of a put of someone else counts for nothing.
  void OnEvent(uint64_t number);

  // Any thread.
  uint64_t received() const { return received_; }
  bool has_all() const { return received_ >= expected_; }

  // From the first put to the last event.
  runtime::Duration took() const { return last_ - start_; }
  // From when the put was sent to the event.
  Results& since_begin() { return since_begin_; }
  // From when the put was answered; zero if the event was the first.
  Results& since_end() { return since_end_; }

 private:
  void Record(runtime::TimePoint from, runtime::TimePoint now, Results* results) const;

  runtime::Loop& loop_;
  const uint64_t expected_;
  const std::function<void()> on_all_;
  runtime::TimePoint start_{};  // the epoch: nothing was put
  runtime::WallTime wall_start_{};
  std::vector<runtime::TimePoint> began_;
  std::vector<runtime::TimePoint> ended_;  // the epoch: not yet
  runtime::TimePoint last_{};
  Results since_begin_;
  Results since_end_;
  std::atomic<uint64_t> received_ = 0;
};

}  // namespace bench
