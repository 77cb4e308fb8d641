#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "state/auth/key_range.h"

namespace auth {

// A set of keys: the union of ranges.
class IntervalSet {
 public:
  IntervalSet() = default;
  // What `ranges` name need not stay. One that ends before it begins names nothing.
  explicit IntervalSet(const std::vector<KeyRange>& ranges);

  // Whether all keys of `range` are in the set. Compat: of one that ends before it begins, its
  // first key.
  bool Contains(const KeyRange& range) const;

  // Intervals that do not touch.
  size_t size() const { return intervals_.size(); }

 private:
  struct Interval {
    base::Bytes begin;
    base::Bytes end;  // not in it; empty: none
  };

  std::vector<Interval> intervals_;  // ascending, with other keys between any two
};

}  // namespace auth
