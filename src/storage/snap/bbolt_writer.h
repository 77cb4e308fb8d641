#pragma once

#include <cstdint>

#include "base/result.h"
#include "storage/snap/bbolt_page_output.h"
#include "storage/snap/source.h"

namespace snap {

// How a source becomes a bbolt file; what must be known before its first byte can be written.
struct Layout {
  uint32_t page_size = 0;
  uint64_t root = 0;        // the page of the tree of buckets
  uint64_t page_count = 0;  // of the file

  uint64_t file_bytes() const { return page_size * page_count; }
  friend bool operator==(const Layout&, const Layout&) = default;
};

inline constexpr uint32_t kDefaultPageBytes = 4096;

// Writing takes two passes over the source, which take the same decisions: the first lays the
// pages out, the second emits them front to back. Both need memory for two pages a level of two
// trees and one chunk; pages are larger than page_size only as records are. The file has no
// freelist, as etcd keeps its own.
//
// `page_size` is a power of two of 1 KiB to 64 KiB. Errors of the source are passed on.
base::Result<Layout> LayOutBbolt(Source& source, uint32_t page_size = kDefaultPageBytes);

// Hands layout.file_bytes() bytes to `sink`. Fails with the sink's error if that fails, and with
// kInternal, after any number of bytes, if the source is not the one that was laid out.
base::Status WriteBbolt(Source& source, const Layout& layout, Sink sink);

}  // namespace snap
