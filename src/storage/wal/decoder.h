#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "runtime/disk.h"
#include "storage/wal/record.h"

namespace wal {

// Reads the records of one segment in order, believing none whose checksum does not continue the
// chain. Memory: a window of 1 MiB, or the largest record. One thread.
class Decoder {
 public:
  enum class Outcome {
    kRecord,
    kEnd,      // zeros or the end of the file
    kTorn,     // bytes of a write that never became durable as a whole: a crash, not damage
    kDamaged,  // anything else that is no valid record
    kFailed,   // the file could not be read
  };

  struct Options {
    // The checksum that the segment before ended with; it is not known for the first one read.
    uint32_t chain = 0;
    bool chain_known = false;
    // Only the segment that was being written may end in a torn record.
    bool may_be_torn = false;
    // As etcd before 3.0 wrote it, if only its beginning.
    bool may_be_unpadded = false;
  };

  // `file` of `size` bytes, named `path` in errors, must outlive the decoder.
  Decoder(const runtime::File* file, uint64_t size, std::string path, Options options);

  // `record->data` borrows until the next call. After anything but kRecord only TakeUnchecked,
  // PassOver and the accessors may be called.
  Outcome Next(Record* record);
  // After kTorn or kDamaged: the record as it stands there, of which only the checksum is wrong,
  // and from which the next one is to continue. False, and nothing has changed, if there is none.
  bool TakeUnchecked(Record* record);
  // After kTorn or kDamaged: goes on behind the record that follows the bad one. It is lost too,
  // for its checksum, from which the next record must continue, is all that is believed of it.
  // False, and nothing has changed, if the bad record's length does not lead to two such records.
  bool PassOver();

  // The end of the last valid record.
  uint64_t offset() const { return at_.offset; }
  uint32_t chain() const { return at_.chain; }
  // Names the file, the offset and what is wrong there; OK after kRecord and kEnd.
  const base::Status& status() const { return error_; }
  // After kTorn: where the record ends, by its length; 0 if that is not sure.
  uint64_t torn_end() const { return torn_end_; }

 private:
  // What is known where the next frame begins.
  struct Position {
    uint64_t offset = 0;
    uint32_t chain = 0;
    bool chain_known = false;
  };

  Outcome ReadFrame(base::ByteView* body, base::ByteView* padded);
  // Whether two records follow the frame at the position, the second of which continues the first
  // one's checksum; then the second is the next.
  bool FindContinuation();
  Outcome Bad(bool torn, std::string_view what);
  // Whether the frame at the position looks like a write of which only some sectors reached the
  // disk. `padded` is what follows its length, up to the end of the frame or of the file.
  bool IsTorn(uint64_t body_bytes, base::ByteView padded);
  // The bytes before the first sector of `padded` that is all zero.
  base::ByteView BeforeUnwrittenSector(base::ByteView padded) const;
  bool Continues(const Record& record);
  // A view of `size` bytes at `offset`, all within the file.
  base::Status View(uint64_t offset, uint64_t size, base::ByteView* view);

  const runtime::File* const file_;
  const uint64_t size_;
  const std::string path_;
  const bool may_be_torn_;
  const bool may_be_unpadded_;
  Position at_;
  base::Bytes window_;
  uint64_t window_offset_ = 0;
  base::Status error_;
  uint64_t torn_end_ = 0;
};

}  // namespace wal
