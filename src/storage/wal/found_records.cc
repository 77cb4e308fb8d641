#include "storage/wal/found_records.h"

#include <algorithm>

#include "base/varint.h"
#include "raft/codec.h"
#include "storage/wal/entry_head.h"
#include "storage/wal/snapshot_mark.h"

namespace wal {
namespace {

constexpr uint64_t kWindowBytes = 1 << 20;

// Whether that is how it is written. What is left of a record whose end a crash has lost can be
// read as another: a number that is cut off within is a smaller one, in more bytes than it needs.
template <typename Value>
bool IsWritten(base::ByteView data, const Value& value) {
  base::Bytes written;
  raft::Encode(value, &written);
  return data == written;
}

// What the data of a record says; false if it is not what the type asks for.
bool ParseData(const Record& record, FoundRecord* found) {
  switch (record.type) {
    case RecordType::kCrc:
      return record.data.empty();
    case RecordType::kMetadata:
      found->metadata = base::Bytes(record.data);
      return true;
    case RecordType::kEntry: {
      const base::Result<raft::Entry> entry = raft::DecodeEntry(record.data);
      if (!entry.ok()) return false;
      // Numbers may be written though they are zero.
      if (!record.data.starts_with(EntryHead(*entry).view()) && !IsWritten(record.data, *entry)) {
        return false;
      }
      found->index = entry->index;
      return entry->index > base::Index();
    }
    case RecordType::kState: {
      const base::Result<raft::HardState> state = raft::DecodeHardState(record.data);
      if (!state.ok() || !IsWritten(record.data, *state)) return false;
      found->hard_state = *state;
      return true;
    }
    case RecordType::kSnapshot: {
      SnapshotMark mark;
      if (!ParseSnapshotMark(record.data, &mark)) return false;
      found->index = mark.index;
      return true;
    }
  }
  return false;
}

}  // namespace

FoundRecords::FoundRecords(const runtime::File* file, uint64_t size, uint64_t from)
    : file_(file),
      size_(size),
      offset_((from + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment) {}

base::Result<std::optional<FoundRecord>> FoundRecords::Next() {
  for (; offset_ + kFrameLengthBytes <= size_; offset_ += kFrameAlignment) {
    ASSIGN_OR_RETURN(std::optional<FoundRecord> found, RecordAt(offset_));
    if (found.has_value()) return found;
  }
  return std::optional<FoundRecord>();
}

// Moves behind the record if there is one.
base::Result<std::optional<FoundRecord>> FoundRecords::RecordAt(uint64_t offset) {
  std::optional<FoundRecord> none;
  ASSIGN_OR_RETURN(const base::ByteView word, View(offset, kFrameLengthBytes));
  const uint64_t length_word = base::Load64Le(word.data());
  if (length_word == 0) return none;
  const FrameLength length = ParseFrameLength(length_word);
  const uint64_t left = size_ - offset - kFrameLengthBytes;
  if (!IsWellFormed(length_word) || length.body_bytes > left ||
      length.pad_bytes > left - length.body_bytes) {
    return none;
  }
  const uint64_t padded_bytes = length.body_bytes + length.pad_bytes;
  // Most lengths that are none would have large pieces of the file read.
  ASSIGN_OR_RETURN(const base::ByteView start,
                   View(offset + kFrameLengthBytes, std::min<uint64_t>(padded_bytes, 2)));
  if (start.front() != kRecordTypeTag) return none;
  ASSIGN_OR_RETURN(const base::ByteView padded, View(offset + kFrameLengthBytes, padded_bytes));
  const base::ByteView pad = padded.substr(length.body_bytes);
  Record record;
  if (pad.find_first_not_of('\0') != base::ByteView::npos ||
      !ParseRecord(padded.substr(0, length.body_bytes), &record)) {
    return none;
  }
  FoundRecord found{.offset = offset,
                    .end = offset + kFrameLengthBytes + padded_bytes,
                    .type = record.type,
                    .crc = record.crc};
  if (!ParseData(record, &found)) return none;
  offset_ = found.end;
  return std::optional(std::move(found));
}

base::Result<base::ByteView> FoundRecords::View(uint64_t offset, uint64_t size) {
  if (offset < window_offset_ || offset + size > window_offset_ + window_.size()) {
    window_offset_ = offset;
    RETURN_IF_ERROR(
        file_->ReadAt(offset, std::min(std::max(size, kWindowBytes), size_ - offset), &window_));
    if (window_.size() < size) {
      return base::Status(base::Code::kUnavailable, "a segment of the log shrank as it was read");
    }
  }
  return base::ByteView(window_).substr(offset - window_offset_, size);
}

bool StartsRecord(base::ByteView bytes) {
  uint64_t value = 0;
  const auto consume = [&](char tag) {
    if (bytes.empty() || bytes.front() != tag) return false;
    bytes.remove_prefix(1);
    return base::ConsumeVarint(&bytes, &value);
  };
  if (!consume(kRecordTypeTag) || value < static_cast<uint64_t>(RecordType::kMetadata) ||
      value > static_cast<uint64_t>(RecordType::kSnapshot)) {
    return false;
  }
  const bool has_data = value != static_cast<uint64_t>(RecordType::kCrc);
  if (!consume(kRecordCrcTag)) return false;
  return !has_data || (consume(kRecordDataTag) && value <= bytes.size());
}

}  // namespace wal
