#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/disk.h"
#include "storage/wal/decoder.h"
#include "storage/wal/record.h"

namespace wal {

// The records of a log one after another, through its segments, for whoever looks at a log and does
// not go on with it: nothing is held against what the records say. A member may append meanwhile.
// Memory: a window of 1 MiB, or the largest record. One thread, which blocks on the disk.
class RecordScan {
 public:
  // `paths` are those of consecutive segments. `disk` outlives this.
  RecordScan(runtime::Disk* disk, std::vector<std::string> paths)
      : disk_(*disk), paths_(std::move(paths)) {}

  // The next record, borrowed until the next call; nothing behind the last. kDataLoss, naming file
  // and offset, for what is none, unless it is the last one and looks like the rest of a write.
  base::Result<std::optional<Record>> Next();
  // After kDataLoss: the record as it stands there, if only its checksum is wrong, and Next goes on
  // behind it. Nothing if there is none.
  std::optional<Record> TakeUnchecked();

  // Of the record that was returned last.
  const std::string& path() const { return path_; }
  uint64_t offset() const { return offset_; }
  // Once Next has returned nothing: what stands behind the end in the last segment, by file and
  // offset: the rest of a write, or records behind zeros. OK if there is nothing.
  const base::Status& leftover() const { return leftover_; }

 private:
  base::Status OpenNext();
  // Whether the segment has a record behind its end. One that starts right there was appended
  // meanwhile.
  base::Status FindLeftover();

  runtime::Disk& disk_;
  const std::vector<std::string> paths_;
  size_t next_path_ = 0;
  std::unique_ptr<runtime::File> file_;
  uint64_t size_ = 0;
  std::optional<Decoder> decoder_;  // of the segment that is read
  std::string path_;
  uint64_t offset_ = 0;
  base::Status leftover_;
};

}  // namespace wal
