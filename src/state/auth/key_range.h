#pragma once

#include "base/bytes.h"

namespace auth {

// Keys as requests name them: `key` alone if `end` is empty, all from `key` on if it is one zero
// byte, else those from `key` to before `end`. The bytes are somebody else's.
struct KeyRange {
  base::ByteView key;
  base::ByteView end = {};

  bool is_single() const { return end.empty(); }
  bool is_open() const { return end == base::ByteView("\0", 1); }
};

}  // namespace auth
