#pragma once

#include <vector>

#include "ctl/histogram.h"
#include "runtime/time.h"

namespace bench {

// Latencies by when they were measured, in bounded memory however long a run is: so many spans of
// time of one length, which doubles when there would be more. One thread.
class Timeline {
 public:
  // To within 3 percent.
  static constexpr unsigned kBits = 5;
  static constexpr runtime::Duration kFirstSpan = std::chrono::milliseconds(10);
  static constexpr size_t kSpansMax = 512;

  // `at`: since the start of the run.
  void Record(runtime::Duration at, runtime::Duration latency);
  void Add(const Timeline& other);

  runtime::Duration span() const { return span_; }
  // In order; the first begins at zero. Those in which nothing was measured are empty.
  const std::vector<ctl::Histogram>& spans() const { return spans_; }

 private:
  // Makes one span of each two.
  void Double();

  runtime::Duration span_ = kFirstSpan;
  std::vector<ctl::Histogram> spans_;
};

}  // namespace bench
