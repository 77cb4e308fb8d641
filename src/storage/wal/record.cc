#include "storage/wal/record.h"

#include "base/check.h"
#include "base/crc32c.h"

namespace wal {
namespace {

constexpr uint64_t kBodyBytesMask = (uint64_t{1} << 56) - 1;
constexpr uint64_t kPadded = 0x80;

}  // namespace

FrameLength ParseFrameLength(uint64_t word) {
  const uint64_t top = word >> 56;
  return {.body_bytes = word & kBodyBytesMask, .pad_bytes = (top & kPadded) != 0 ? top & 7 : 0};
}

bool IsWellFormed(uint64_t length_word) {
  const uint64_t top = length_word >> 56;
  const FrameLength length = ParseFrameLength(length_word);
  return (top == 0 || (top & ~uint64_t{7}) == kPadded) &&
         (length.body_bytes + length.pad_bytes) % kFrameAlignment == 0;
}

bool IsUnpadded(uint64_t length_word) {
  return length_word >> 56 == 0;
}

bool ParseRecord(base::ByteView body, Record* record) {
  *record = {};
  uint64_t type = 0;
  base::WireReader reader(body);
  while (reader.Next()) {
    switch (reader.field()) {
      case RecordField::kType:
        type = reader.varint();
        break;
      case RecordField::kCrc:
        record->crc = static_cast<uint32_t>(reader.varint());
        break;
      case RecordField::kData:
        record->data = reader.bytes();
        break;
      default:
        break;
    }
  }
  if (!reader.ok() || type < static_cast<uint64_t>(RecordType::kMetadata) ||
      type > static_cast<uint64_t>(RecordType::kSnapshot)) {
    return false;
  }
  record->type = static_cast<RecordType>(type);
  return true;
}

void RecordWriter::AppendCrc() {
  AppendFrame(RecordType::kCrc, false, {}, {});
}

void RecordWriter::Append(RecordType type, base::ByteView head, base::ByteView tail) {
  chain_ = base::Crc32c(tail, base::Crc32c(head, chain_));
  AppendFrame(type, true, head, tail);
}

void RecordWriter::AppendFrame(RecordType type, bool with_data, base::ByteView head,
                               base::ByteView tail) {
  // Everything before the data fits here: length, three tags, type, checksum, size of the data.
  char buffer[kFrameLengthBytes + 3 + 1 + 2 * base::kVarintBytesMax];
  base::WireFiller filler(buffer + kFrameLengthBytes);
  filler.Varint(RecordField::kType, static_cast<uint64_t>(type));
  filler.Varint(RecordField::kCrc, chain_);
  const size_t data_bytes = head.size() + tail.size();
  if (with_data) filler.BytesHeader(RecordField::kData, data_bytes);
  const auto prefix_bytes = static_cast<size_t>(filler.end() - buffer);
  const size_t body_bytes = prefix_bytes - kFrameLengthBytes + data_bytes;
  const size_t pad_bytes = (kFrameAlignment - body_bytes % kFrameAlignment) % kFrameAlignment;
  CHECK_LE(body_bytes, kBodyBytesMask);
  const uint64_t top = pad_bytes == 0 ? 0 : kPadded | pad_bytes;
  base::Store64Le(buffer, top << 56 | body_bytes);

  out_->append(buffer, prefix_bytes).append(head).append(tail).append(pad_bytes, '\0');
}

}  // namespace wal
