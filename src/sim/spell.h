#pragma once

#include "runtime/time.h"

namespace sim {

// Something that is asked to begin once, and then to end: when somebody first asked for that, and
// was first told. What was asked for and never told may begin, or end, at any time from then on.
struct Spell {
  static constexpr runtime::TimePoint kNever = runtime::TimePoint::max();

  runtime::TimePoint asked = kNever;
  runtime::TimePoint told = kNever;
  runtime::TimePoint ending = kNever;
  runtime::TimePoint ended = kNever;

  void End(runtime::TimePoint at);
  // At some moment between these, and at all of them.
  bool MayLast(runtime::TimePoint from, runtime::TimePoint to) const;
  bool MustLast(runtime::TimePoint from, runtime::TimePoint to) const;
};

}  // namespace sim
