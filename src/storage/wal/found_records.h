#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "raft/types.h"
#include "runtime/disk.h"
#include "storage/wal/record.h"

namespace wal {

// A record wherever it stands: its frame is whole and says what it should, and its data is what its
// type asks for. Its checksum cannot be checked, since it goes on from a record that is not known.
struct FoundRecord {
  uint64_t offset = 0;
  uint64_t end = 0;
  RecordType type{};
  uint32_t crc = 0;
  base::Bytes metadata = {};        // of kMetadata
  raft::HardState hard_state = {};  // of kState
  base::Index index = {};           // of kEntry and kSnapshot
};

// Looks for records in a file, at any offset where one can begin, whatever lies between. Bytes of
// a value that look like a record are taken for one, unless they lie within a record that was
// found. Memory: a window of 1 MiB, or the largest record.
class FoundRecords {
 public:
  // `file`, of `size` bytes, outlives this.
  FoundRecords(const runtime::File* file, uint64_t size, uint64_t from);

  // The next one; nothing behind the last.
  base::Result<std::optional<FoundRecord>> Next();

 private:
  base::Result<std::optional<FoundRecord>> RecordAt(uint64_t offset);
  base::Result<base::ByteView> View(uint64_t offset, uint64_t size);

  const runtime::File* const file_;
  const uint64_t size_;
  uint64_t offset_;
  base::Bytes window_;
  uint64_t window_offset_ = 0;
};

// Whether the bytes begin as the body of a record does, all of it within them.
bool StartsRecord(base::ByteView bytes);

}  // namespace wal
