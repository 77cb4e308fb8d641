#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/snap/source.h"

namespace utl {

// A key of a database, as it is at a revision, and what its versions take in all.
struct ListedKey {
  int64_t version = 0;
  uint64_t value_bytes = 0;
  uint64_t all_value_bytes = 0;  // of the versions that are there
  uint64_t version_count = 0;
  base::Bytes value = {};  // if it was asked for
};

struct KeyListing {
  base::Bytes prefix = {};
  int64_t revision = 0;  // 0: the newest
  bool with_values = false;
};

// The keys that there are, in order. In memory: all of them, and their values if these are asked
// for. kDataLoss for a database that cannot be believed.
base::Result<std::map<base::Bytes, ListedKey>> ListKeys(snap::Source& source,
                                                        const KeyListing& listing);

// The versions of a key that are there, the oldest first; a deletion is version 0.
base::Result<std::vector<int64_t>> ListVersions(snap::Source& source, base::ByteView key);

// The value of a version of the key, or of the newest that is no deletion; nothing if there is
// none.
base::Result<std::optional<base::Bytes>> FindValue(snap::Source& source, base::ByteView key,
                                                   std::optional<int64_t> version);

}  // namespace utl
