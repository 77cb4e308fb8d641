#pragma once

#include "base/bytes.h"
#include "base/prefix_end.h"

namespace kv {

// The keys that begin with a prefix, all if it is empty, as requests name ranges.
struct PrefixRange {
  base::Bytes key;
  base::Bytes end;

  static PrefixRange Of(base::ByteView prefix) {
    // An empty key is none; the smallest there can be is one zero byte.
    return {prefix.empty() ? base::Bytes(1, '\0') : base::Bytes(prefix), base::PrefixEnd(prefix)};
  }
};

}  // namespace kv
