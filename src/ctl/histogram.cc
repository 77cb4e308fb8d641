#include "ctl/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace ctl {
namespace {

double Seconds(runtime::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

size_t Histogram::PlaceOf(uint64_t value) const {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  if (width <= bits_ + 1) return value;
  const unsigned shift = width - bits_ - 1;
  return (static_cast<size_t>(shift) << bits_) + (value >> shift);
}

runtime::Duration Histogram::ValueAt(size_t place) const {
  const size_t shift = (place >> bits_) == 0 ? 0 : (place >> bits_) - 1;
  const uint64_t first = (place - (shift << bits_)) << shift;
  const uint64_t middle = first + ((uint64_t{1} << shift) - 1) / 2;
  return std::clamp(runtime::Duration(middle), smallest_, largest_);
}

void Histogram::Record(runtime::Duration value) {
  value = std::max(value, runtime::Duration(0));
  const size_t place = PlaceOf(static_cast<uint64_t>(value.count()));
  if (place >= counts_.size()) counts_.resize(place + 1);
  ++counts_[place];
  smallest_ = count_ == 0 ? value : std::min(smallest_, value);
  largest_ = std::max(largest_, value);
  ++count_;
  const double distance = Seconds(value) - mean_;
  mean_ += distance / static_cast<double>(count_);
  squares_ += distance * (Seconds(value) - mean_);
}

void Histogram::Add(const Histogram& other) {
  CHECK(bits_ == other.bits_);
  if (other.count_ == 0) return;
  if (count_ == 0) {
    *this = other;
    return;
  }
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  smallest_ = std::min(smallest_, other.smallest_);
  largest_ = std::max(largest_, other.largest_);
  const auto mine = static_cast<double>(count_);
  const auto others = static_cast<double>(other.count_);
  const double distance = other.mean_ - mean_;
  count_ += other.count_;
  mean_ += distance * others / (mine + others);
  squares_ += other.squares_ + distance * distance * mine * others / (mine + others);
}

double Histogram::DeviationSeconds() const {
  return count_ == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(count_));
}

runtime::Duration Histogram::AtRank(uint64_t rank) const {
  CHECK(rank < count_);
  if (rank == 0) return smallest_;
  if (rank + 1 == count_) return largest_;
  uint64_t before = 0;
  size_t place = 0;
  for (; before + counts_[place] <= rank; ++place) before += counts_[place];
  return ValueAt(place);
}

runtime::Duration Histogram::AtPercentile(double percent) const {
  if (count_ == 0) return {};
  const double rank = std::ceil(percent / 100 * static_cast<double>(count_));
  return AtRank(std::min(static_cast<uint64_t>(std::max(rank, 1.0)), count_) - 1);
}

uint64_t Histogram::CountUpTo(runtime::Duration limit) const {
  if (count_ == 0 || limit < smallest_) return 0;
  if (limit >= largest_) return count_;
  const size_t last = PlaceOf(static_cast<uint64_t>(limit.count()));
  uint64_t sum = 0;
  for (size_t place = 0; place <= last; ++place) sum += counts_[place];
  return sum;
}

}  // namespace ctl
