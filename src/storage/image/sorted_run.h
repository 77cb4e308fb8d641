#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/backend/backend.h"
#include "storage/snap/source.h"

namespace image {

// The records whose keys begin with the same bytes, in strict bytewise order, from a cursor that
// has these records next to each other in any order. They are sorted in portions: each walk over
// the run finds the next smallest keys, as many as fit into a bound, so that memory is bounded
// however many there are.
class SortedRun {
 public:
  // `cursor` outlives this and is moved by it. A portion has one key at least, however long.
  SortedRun(backend::Cursor* cursor, base::ByteView prefix, size_t portion_key_bytes)
      : cursor_(*cursor), prefix_(prefix), portion_key_bytes_(portion_key_bytes) {}

  // The next record, borrowed until the next call; nothing after the last: then the cursor is at
  // the first record behind the run.
  base::Result<std::optional<snap::Record>> Next();

 private:
  base::Status FindPortion();
  void KeepIfSmall(base::ByteView key, base::ByteView value);

  backend::Cursor& cursor_;
  const base::Bytes prefix_;
  const size_t portion_key_bytes_;

  using Portion = std::map<base::Bytes, base::ByteView, std::less<>>;
  Portion portion_;            // to be returned
  size_t kept_key_bytes_ = 0;  // of portion_
  Portion::node_type lent_;    // what was returned last
  bool began_ = false;
  std::optional<base::Bytes> left_out_;  // the smallest key that the portion had no room for
};

}  // namespace image
