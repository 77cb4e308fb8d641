#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "state/auth/key_range.h"

namespace auth {

// A set of keys: the union of ranges that come and go. A change costs what lies in the intervals
// that it touches, and a question a search among all.
class IntervalSet {
 public:
  IntervalSet() = default;
  IntervalSet(IntervalSet&&) = default;
  IntervalSet& operator=(IntervalSet&&) = default;

  // Takes ranges out that were put in, told by the very bytes of their keys, and puts others in,
  // whose bytes must stay until they are taken out. One that ends before it begins names nothing.
  void Replace(const std::vector<KeyRange>& out, const std::vector<KeyRange>& in);

  // Whether all keys of `range` are in the set. Compat: of one that ends before it begins, its
  // first key.
  bool Contains(const KeyRange& range) const;

  // Intervals that do not touch.
  size_t size() const { return intervals_.size(); }

 private:
  // Begin to end, which is not in it; empty: none.
  using Intervals = std::map<base::ByteView, base::Bytes>;

  // That which has the key.
  Intervals::const_iterator Find(base::ByteView key) const;
  // Makes one interval of it and of those that it touches.
  void Merge(base::ByteView begin, base::Bytes end);

  std::multimap<base::ByteView, base::ByteView> ranges_;  // key to range_end
  Intervals intervals_;                                   // with other keys between any two
};

}  // namespace auth
