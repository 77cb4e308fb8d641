#pragma once

#include <cstdint>
#include <vector>

#include "runtime/time.h"

namespace ctl {

// How often which latency was measured, in bounded memory whatever there is (a histogram of high
// dynamic range): each value is kept to within 1/2^bits of itself, the smallest and the largest
// exactly. One thread.
class Histogram {
 public:
  // Memory: 64 * 2^bits counts of 8 bytes at most, and only as far as values go.
  explicit Histogram(unsigned bits = 13) : bits_(bits) {}

  // Below zero counts as zero.
  void Record(runtime::Duration value);
  // All that another one of the same `bits` has.
  void Add(const Histogram& other);

  uint64_t count() const { return count_; }
  // Of these each is zero if there is no value.
  runtime::Duration smallest() const { return smallest_; }
  runtime::Duration largest() const { return largest_; }
  double MeanSeconds() const { return mean_; }
  // The standard deviation.
  double DeviationSeconds() const;

  // The value that `rank` others come before, in their order. rank < count().
  runtime::Duration AtRank(uint64_t rank) const;
  // The smallest value that so many percent, 0 to 100, are not above; zero if there is none.
  runtime::Duration AtPercentile(double percent) const;
  // How many are not above `limit`.
  uint64_t CountUpTo(runtime::Duration limit) const;

 private:
  // Values below 2^(bits + 1) have a place each; from then on each doubling has 2^bits places.
  size_t PlaceOf(uint64_t value) const;
  // A value in the middle of what is counted there, and not outside of what was measured.
  runtime::Duration ValueAt(size_t place) const;

  unsigned bits_;
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  runtime::Duration smallest_{};
  runtime::Duration largest_{};
  // By Welford's method, in seconds.
  double mean_ = 0;
  double squares_ = 0;  // the sum of the squared distances from the mean
};

}  // namespace ctl
