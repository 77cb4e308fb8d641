#include "bench/timeline.h"

#include <algorithm>
#include <utility>

namespace bench {

void Timeline::Double() {
  std::vector<ctl::Histogram> halved;
  for (size_t i = 0; i < spans_.size(); i += 2) {
    halved.push_back(std::move(spans_[i]));
    if (i + 1 < spans_.size()) halved.back().Add(spans_[i + 1]);
  }
  spans_ = std::move(halved);
  span_ *= 2;
}

void Timeline::Record(runtime::Duration at, runtime::Duration latency) {
  at = std::max(at, runtime::Duration(0));
  while (static_cast<size_t>(at / span_) >= kSpansMax) Double();
  const auto index = static_cast<size_t>(at / span_);
  if (index >= spans_.size()) spans_.resize(index + 1, ctl::Histogram(kBits));
  spans_[index].Record(latency);
}

void Timeline::Add(const Timeline& other) {
  Timeline more = other;
  while (span_ < more.span_) Double();
  while (more.span_ < span_) more.Double();
  if (spans_.size() < more.spans_.size()) spans_.resize(more.spans_.size(), ctl::Histogram(kBits));
  for (size_t i = 0; i < more.spans_.size(); ++i) spans_[i].Add(more.spans_[i]);
}

}  // namespace bench
