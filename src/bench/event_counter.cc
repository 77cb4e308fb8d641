#include "bench/event_counter.h"

namespace bench {

void EventCounter::Record(runtime::TimePoint from, runtime::TimePoint now, Results* results) const {
  const runtime::Duration at = from - start_;
  results->RecordDone(at, now - from, {wall_start_.unix_nanos + at.count()});
}

void EventCounter::OnPutBegun(uint64_t number) {
  began_[number] = loop_.clock().Now();
  if (start_ != runtime::TimePoint()) return;
  start_ = last_ = began_[number];
  wall_start_ = loop_.clock().WallNow();
}

void EventCounter::OnEvent(uint64_t number) {
  if (number >= began_.size() || began_[number] == runtime::TimePoint()) return;
  last_ = loop_.clock().Now();
  Record(began_[number], last_, &since_begin_);
  const bool has_ended = ended_[number] != runtime::TimePoint();
  Record(has_ended ? ended_[number] : last_, last_, &since_end_);
  if (++received_ == expected_) on_all_();
}

}  // namespace bench
