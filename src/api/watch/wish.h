#pragma once

#include <compare>

#include "base/bytes.h"
#include "storage/mvcc/key_range.h"

namespace watch {

// What a watch asks for: changes of which keys, and what is told of them. The keys are named as in
// a Range request: no end is the one key, an end of one zero byte is an open end.
struct Wish {
  base::Bytes key = {};
  base::Bytes range_end = {};
  bool no_put = false;
  bool no_delete = false;
  bool prev_kv = false;

  bool is_one_key() const { return range_end.empty(); }
  // Borrows from the wish.
  mvcc::KeyRange range() const { return mvcc::KeyRange::Of(key, range_end); }
  bool Wants(bool is_delete) const { return is_delete ? !no_delete : !no_put; }

  friend auto operator<=>(const Wish&, const Wish&) = default;
};

}  // namespace watch
