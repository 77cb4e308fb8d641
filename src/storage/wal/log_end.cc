#include "storage/wal/log_end.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "storage/wal/found_records.h"

namespace wal {
namespace {

constexpr uint64_t kPieceBytes = 1 << 20;

base::Status Damaged(const EndOfRecords& end, const std::string& what) {
  return {base::Code::kDataLoss,
          end.path + ": damaged record at offset " + std::to_string(end.offset) + ": " + what};
}

// As fast as memory is read: most of a segment is zeros when a member starts.
bool IsZeros(base::ByteView bytes) {
  return bytes.empty() ||
         (bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// The first byte behind the end that is not zero; the size of the file if there is none.
base::Result<uint64_t> FirstNonZero(const EndOfRecords& end) {
  base::Bytes piece;
  for (uint64_t offset = end.offset; offset < end.size; offset += piece.size()) {
    RETURN_IF_ERROR(end.file->ReadAt(offset, std::min(kPieceBytes, end.size - offset), &piece));
    if (piece.empty()) break;
    if (!IsZeros(piece)) return offset + piece.find_first_not_of('\0');
  }
  return end.size;
}

// Whether a record was made by another, later write than what was lost at the end.
bool IsOfLaterWrite(const EndOfRecords& end, const FoundRecord& record, bool behind_state) {
  if (record.type == RecordType::kState) {
    // A member is founded before it has voted, with entries that are committed.
    const bool was_committed = end.is_sole_voter && record.hard_state.vote != base::MemberId() &&
                               record.hard_state.commit > end.last_index;
    return was_committed || (behind_state && end.writes_end_in_state);
  }
  if (record.type == RecordType::kEntry) {
    // Why: of the entries of one write none is missing between two that follow one another. Where
    // the hole begins a write, its first entry may replace earlier ones, unless the member votes
    // alone.
    const bool first_is_known = end.is_sole_voter || !end.after_state;
    const bool nothing_is_missing = first_is_known && record.index <= end.last_index + 1;
    return behind_state || !end.writes_end_in_state || nothing_is_missing;
  }
  return true;
}

// Whether anything can be read from `from` on; kDataLoss if it is of a later write.
base::Result<bool> AnyBehind(const EndOfRecords& end, uint64_t from) {
  FoundRecords records(end.file, end.size, from);
  bool any = false;
  bool behind_state = false;
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<FoundRecord> record, records.Next());
    if (!record.has_value()) return any;
    if (IsOfLaterWrite(end, *record, behind_state)) {
      return Damaged(end, "a later write follows at offset " + std::to_string(record->offset));
    }
    any = true;
    behind_state = behind_state || record->type == RecordType::kState;
  }
}

// What is left of a frame at the end if one of its parts was damaged.
struct Frame {
  bool has_length = false;
  bool has_body = false;
};

base::Result<Frame> FrameAt(const EndOfRecords& end) {
  base::Bytes bytes;
  RETURN_IF_ERROR(end.file->ReadAt(end.offset, end.size - end.offset, &bytes));
  Frame frame;
  if (bytes.size() < kFrameLengthBytes) return frame;
  const uint64_t word = base::Load64Le(bytes.data());
  const FrameLength length = ParseFrameLength(word);
  const base::ByteView body = base::ByteView(bytes).substr(kFrameLengthBytes);
  frame.has_length = length.body_bytes > 0 && IsWellFormed(word) &&
                     length.body_bytes <= body.size() &&
                     length.pad_bytes <= body.size() - length.body_bytes;
  frame.has_body = StartsRecord(body);
  return frame;
}

// Disks write sectors whole or not at all: zeros that a crash left go to the end of a sector.
bool IsCrash(const EndOfRecords& end, uint64_t first_non_zero) {
  if (!end.fault.ok()) return end.is_torn;
  return first_non_zero / kSectorBytes > end.offset / kSectorBytes;
}

base::Result<bool> IsJunk(const EndOfRecords& end) {
  ASSIGN_OR_RETURN(const Frame frame, FrameAt(end));
  if (!end.after_state || frame.has_length || frame.has_body) return false;
  ASSIGN_OR_RETURN(const bool any_behind, AnyBehind(end, end.offset + kFrameLengthBytes));
  return !any_behind;
}

}  // namespace

base::Result<bool> MustBeCut(const EndOfRecords& end) {
  ASSIGN_OR_RETURN(const uint64_t first_non_zero, FirstNonZero(end));
  if (first_non_zero == end.size) return !end.fault.ok();
  if (IsCrash(end, first_non_zero)) {
    const uint64_t from = end.torn_end > 0 ? end.torn_end : end.offset + kFrameLengthBytes;
    RETURN_IF_ERROR(AnyBehind(end, from).status());
    return true;
  }
  ASSIGN_OR_RETURN(const bool is_junk, IsJunk(end));
  if (is_junk) return true;
  return end.fault.ok() ? Damaged(end, "the length is missing") : end.fault;
}

}  // namespace wal
