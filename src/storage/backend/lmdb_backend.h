#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "storage/backend/backend.h"

namespace backend {

struct LmdbOptions {
  // Address space reserved for the file, which grows up to this size; a commit that needs more is
  // kResourceExhausted.
  uint64_t map_bytes = uint64_t{64} << 30;
  // Readers at one time, in all threads.
  unsigned readers_max = 4096;
};

// Opens or creates the database file `path` (and `path`-lock beside it), with these buckets; their
// order may change from one opening to the next. One process at a time. The file never needs
// repair after a crash, but its pages have no checksums of their own: a damaged one is found as a
// damaged record at the earliest, and the member must then be fetched again from its peers.
base::Result<std::unique_ptr<Backend>> OpenLmdbBackend(std::string path,
                                                       std::span<const std::string_view> buckets,
                                                       LmdbOptions options = {});

}  // namespace backend
