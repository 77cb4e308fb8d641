#include "sim/spell.h"

#include <algorithm>

namespace sim {

void Spell::End(runtime::TimePoint at) {
  ended = std::min(ended, at);
}

bool Spell::MayLast(runtime::TimePoint from, runtime::TimePoint to) const {
  return asked <= to && ended > from;
}

bool Spell::MustLast(runtime::TimePoint from, runtime::TimePoint to) const {
  return told <= from && ending > to;
}

}  // namespace sim
