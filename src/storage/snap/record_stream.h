#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/status.h"
#include "storage/snap/source.h"

// A database as a stream of its records, which members of this program send each other:
//
//   stream = { bucket { record } } end
//   bucket = 'B' name_size:u8 name
//   record = 'R' key_size:u32 value_size:u32 key value      of the bucket before it
//   end    = 'E' records:u64 crc:u32
//   crc    = CRC-32C of everything before it
//
// Integers are little-endian; no bucket has no name, and no record no key.

namespace snap {

// Key and value of a record. No more than one request of raft may bring.
inline constexpr uint64_t kStreamedRecordBytesMax = uint64_t{512} << 20;

// Writes the stream of a source, some of it at a time. One thread at a time.
class RecordStreamWriter {
 public:
  // `source` outlives this and is at its beginning.
  explicit RecordStreamWriter(Source* source) : source_(*source) {}

  // Appends what comes next to `*out`: `bytes` or somewhat more, of which no more than the last
  // record is the reason, or less at the end. Whether more comes. The source's error;
  // kResourceExhausted for a record that is too large.
  base::Result<bool> Write(size_t bytes, base::Bytes* out);

 private:
  // Whether there was one.
  base::Result<bool> WriteNext(base::Bytes* out);

  Source& source_;
  bool in_bucket_ = false;
  uint64_t records_ = 0;
  uint32_t crc_ = 0;
};

// Takes the stream apart as it comes, cut anywhere. One thread at a time.
class RecordStreamReader {
 public:
  // Takes what is found; an error ends the reading with it. What it is lent ends with the call.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual base::Status OnBucket(base::ByteView name) = 0;
    virtual base::Status OnRecord(const Record& record) = 0;
  };
  // `sink` outlives this.
  explicit RecordStreamReader(Sink* sink) : sink_(*sink) {}

  // The next bytes. In memory stays what has come of one record, never what only its size says.
  // kDataLoss if they are no such stream, by its form, its count or its checksum; after an error
  // nothing more may be given.
  base::Status Take(base::ByteView bytes);
  // Whether the end was seen, and all of it was right.
  bool ended() const { return ended_; }

 private:
  // How many bytes the item has that `bytes` begin with, as far as they tell, which is at least one
  // more than they are if it is not whole.
  base::Result<uint64_t> ItemBytes(base::ByteView bytes) const;
  // Takes a whole one.
  base::Status TakeItem(base::ByteView item);
  base::Status TakeEnd(base::ByteView item);

  Sink& sink_;
  base::Bytes partial_;  // of an item
  bool in_bucket_ = false;
  bool ended_ = false;
  uint64_t records_ = 0;
  uint32_t crc_ = 0;
};

}  // namespace snap
