#include "server/append_times.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace server {

void AppendTimes::Succeeded(runtime::Duration took) {
  const double current = std::chrono::duration<double, std::milli>(took).count();
  const bool is_first = successes_ == 0;
  current_ = current;
  sum_ = sum_ + current;
  square_sum_ = square_sum_ + current * current;
  minimum_ = is_first ? current : std::min<double>(minimum_, current);
  maximum_ = std::max<double>(maximum_, current);
  ++successes_;
}

AppendTimes::Values AppendTimes::Get() const {
  Values values{.current = current_,
                .minimum = minimum_,
                .maximum = maximum_,
                .failures = failures_,
                .successes = successes_};
  if (values.successes == 0) return values;
  const auto count = static_cast<double>(values.successes);
  values.average = sum_ / count;
  // Rounding may bring it below zero.
  const double variance = square_sum_ / count - values.average * values.average;
  values.standard_deviation = std::sqrt(std::max(variance, 0.0));
  return values;
}

}  // namespace server
