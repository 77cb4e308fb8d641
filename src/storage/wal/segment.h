#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "runtime/disk.h"

namespace wal {

// etcd's segment size: 64 MB, not MiB.
inline constexpr uint64_t kSegmentBytes = 64'000'000;

// Zeros behind the last record of a full segment: its successor was durable before they were, so
// that without one it was lost. They are a size alone, which no crash leaves in part.
inline constexpr uint64_t kClosingBytes = 8;

// The name of a segment, "SSSSSSSSSSSSSSSS-IIIIIIIIIIIIIIII.wal": its place in the sequence and
// the index that follows the last entry written before it, both as 16 hex digits.
struct SegmentName {
  uint64_t sequence = 0;
  base::Index first_index;

  std::string ToString() const;
  // Nothing if `text` is not such a name.
  static std::optional<SegmentName> Parse(std::string_view text);

  friend bool operator==(const SegmentName&, const SegmentName&) = default;
};

// The segments in `directory` by sequence; files of other names are passed over. Empty if there
// are none or no such directory.
base::Result<std::vector<SegmentName>> ListSegments(const runtime::Disk& disk,
                                                    std::string_view directory);

// Whether `directory` has a log: it may be there without one, made by whoever prepared the machine.
base::Result<bool> HasLog(const runtime::Disk& disk, std::string_view directory);

// What preparing a segment leaves free on the disk: for the database, and for appends.
inline constexpr uint64_t kDiskReserveBytes = uint64_t{64} << 20;

// A file that is to become a segment: locked, `size` bytes, written full of zeros and durable, so
// that an append changes no metadata and its sync costs one write. Or empty, to grow with each
// append, if the disk has no room to spare.
struct PreparedSegment {
  std::unique_ptr<runtime::File> file;
  std::string path;
  bool is_preallocated = false;
};

// Whether the disk that holds `path` has so many bytes free beside the reserve.
base::Result<bool> HasRoom(const runtime::Disk& disk, std::string_view path, uint64_t bytes);

// Makes a segment under the temporary name `path`, replacing what is there. Blocks for as long as
// the disk takes to write `size` bytes; writing is paced so that the log's own syncs stay short.
base::Result<PreparedSegment> PrepareSegment(runtime::Disk& disk, std::string path, uint64_t size);

// Writes zeros over whatever is not zero in [offset, size) of the file. Not durable until Sync.
base::Status ZeroTail(runtime::File& file, uint64_t offset);

}  // namespace wal
