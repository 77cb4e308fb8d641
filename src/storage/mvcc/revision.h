#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace mvcc {

// A change of one key: the main revision of the request that made it, and its place among the
// changes of that request, from 0.
struct Revision {
  int64_t main = 0;
  int64_t sub = 0;

  friend constexpr auto operator<=>(const Revision&, const Revision&) = default;
};

// The key of a change in bucket `key`: main and sub as 8 bytes big-endian each with '_' between;
// a deletion has 't' behind. So bytewise order is the order of revisions.
struct RevisionKey {
  static constexpr size_t kBytes = 17;
  static constexpr char kSeparator = '_';
  static constexpr char kTombstone = 't';

  RevisionKey(Revision revision, bool is_tombstone);
  base::ByteView view() const { return {bytes, size}; }

  char bytes[kBytes + 1];
  size_t size;
};

struct ParsedRevisionKey {
  Revision revision;
  bool is_tombstone = false;
};
// Nothing if `key` is no such key.
std::optional<ParsedRevisionKey> ParseRevisionKey(base::ByteView key);

}  // namespace mvcc
