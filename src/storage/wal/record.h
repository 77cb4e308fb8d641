#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/wire.h"

// The bytes of a log segment, as etcd 3.4 to 3.7 write and read them. Integers little-endian.
//
//   segment  = crc-record metadata-record { record } end
//   end      = eight zero bytes, or the end of the file
//   frame    = length body pad
//   length   = 8 bytes: the size of body in the low 56 bits; if pad is not empty the top byte is
//              0x80 | size of pad, else zero
//   body     = walpb.Record { 1: type, 2: crc, 3: data, absent for crc-records }
//   pad      = zeros up to a multiple of 8
//
// etcd before 3.0 wrote the same without any pad, in segments that a later one may have gone on
// with.
//
// So each length, but for those, lies within one disk sector and is never torn. `crc` is a CRC-32C
// over the data of all records so far, chained through segments: the crc-record that opens a
// segment repeats the value that the segment before ended with.

namespace wal {

enum class RecordType : uint8_t { kMetadata = 1, kEntry = 2, kState = 3, kCrc = 4, kSnapshot = 5 };

struct Record {
  RecordType type{};
  uint32_t crc = 0;
  base::ByteView data;
};

// What the eight bytes before a record say.
struct FrameLength {
  uint64_t body_bytes = 0;
  uint64_t pad_bytes = 0;
};
inline constexpr size_t kFrameLengthBytes = 8;
inline constexpr size_t kFrameAlignment = 8;

FrameLength ParseFrameLength(uint64_t word);
// Whether a writer may have written such a length.
bool IsWellFormed(uint64_t length_word);
// Whether etcd before 3.0 may have: it wrote no pads.
bool IsUnpadded(uint64_t length_word);

// The unit that disks write whole or not at all.
inline constexpr uint64_t kSectorBytes = 512;

// walpb.Record, whose fields are always in this order, and the tags before them.
struct RecordField {
  enum : uint32_t { kType = 1, kCrc = 2, kData = 3 };
};
inline constexpr char kRecordTypeTag = base::WireTag(RecordField::kType, base::WireType::kVarint);
inline constexpr char kRecordCrcTag = base::WireTag(RecordField::kCrc, base::WireType::kVarint);
inline constexpr char kRecordDataTag = base::WireTag(RecordField::kData, base::WireType::kBytes);

// Reads the body of a frame. False if it is no record of a known type; the checksum is not
// looked at. `record->data` borrows from `body`.
bool ParseRecord(base::ByteView body, Record* record);

// Appends framed records to a buffer and chains their checksums.
class RecordWriter {
 public:
  // `out` must outlive the writer; `chain` is the checksum of all data before.
  RecordWriter(uint32_t chain, base::Bytes* out) : chain_(chain), out_(out) {}

  uint32_t chain() const { return chain_; }

  // The record that opens a segment.
  void AppendCrc();
  // A record whose data is `head` followed by `tail`. Does not allocate while `out` has room.
  void Append(RecordType type, base::ByteView head, base::ByteView tail = {});

 private:
  void AppendFrame(RecordType type, bool with_data, base::ByteView head, base::ByteView tail);

  uint32_t chain_;
  base::Bytes* out_;
};

}  // namespace wal
