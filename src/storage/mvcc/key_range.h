#pragma once

#include "base/bytes.h"

namespace mvcc {

// The keys [begin, end), or all from `begin` on. Borrows both.
struct KeyRange {
  base::ByteView begin = {};
  base::ByteView end = {};
  bool open_end = true;
  // [key, key + "\0") without the bytes to say so.
  bool one_key = false;

  static KeyRange All() { return {}; }
  static KeyRange One(base::ByteView key) {
    return {.begin = key, .end = {}, .open_end = false, .one_key = true};
  }
  // As requests name ranges: no end is the one key, an end of one zero byte is an open end.
  static KeyRange Of(base::ByteView key, base::ByteView range_end) {
    if (range_end.empty()) return One(key);
    const bool open_end = range_end == base::ByteView("\0", 1);
    return {.begin = key, .end = range_end, .open_end = open_end, .one_key = false};
  }

  // Whether `key`, not below `begin`, is past the range.
  bool Ends(base::ByteView key) const {
    if (one_key) return key != begin;
    return !open_end && key >= end;
  }
};

}  // namespace mvcc
