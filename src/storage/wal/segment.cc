#include "storage/wal/segment.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/bytes.h"

namespace wal {
namespace {

constexpr size_t kHexDigits = 16;
constexpr std::string_view kSuffix = ".wal";
// Zeros are written and read in pieces of this size.
constexpr uint64_t kPieceBytes = 1 << 20;
// Un-paced, one flush of a whole segment holds up the log's syncs behind it by tens of ms.
constexpr uint64_t kWritebackBytes = 4 * kPieceBytes;

bool ParseHex(std::string_view text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string SegmentName::ToString() const {
  char text[2 * kHexDigits + 2 + kSuffix.size()];
  std::snprintf(text, sizeof text, "%016llx-%016llx.wal", static_cast<unsigned long long>(sequence),
                static_cast<unsigned long long>(first_index.value()));
  return text;
}

std::optional<SegmentName> SegmentName::Parse(std::string_view text) {
  if (text.size() != 2 * kHexDigits + 1 + kSuffix.size() || text[kHexDigits] != '-' ||
      text.substr(2 * kHexDigits + 1) != kSuffix) {
    return std::nullopt;
  }
  SegmentName name;
  uint64_t index = 0;
  if (!ParseHex(text.substr(0, kHexDigits), &name.sequence) ||
      !ParseHex(text.substr(kHexDigits + 1, kHexDigits), &index)) {
    return std::nullopt;
  }
  name.first_index = base::Index(index);
  return name;
}

base::Result<std::vector<SegmentName>> ListSegments(const runtime::Disk& disk,
                                                    std::string_view directory) {
  std::vector<SegmentName> segments;
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(directory));
  if (!exists) return segments;
  ASSIGN_OR_RETURN(const auto names, disk.List(directory));
  for (const std::string& name : names) {
    if (const auto segment = SegmentName::Parse(name)) segments.push_back(*segment);
  }
  std::sort(segments.begin(), segments.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  return segments;
}

base::Result<bool> HasLog(const runtime::Disk& disk, std::string_view directory) {
  ASSIGN_OR_RETURN(const auto segments, ListSegments(disk, directory));
  return !segments.empty();
}

base::Result<bool> HasRoom(const runtime::Disk& disk, std::string_view path, uint64_t bytes) {
  ASSIGN_OR_RETURN(const uint64_t free_bytes, disk.FreeBytes(path));
  return free_bytes >= kDiskReserveBytes && free_bytes - kDiskReserveBytes >= bytes;
}

base::Result<PreparedSegment> PrepareSegment(runtime::Disk& disk, std::string path, uint64_t size) {
  ASSIGN_OR_RETURN(auto file, disk.Open(path, runtime::OpenMode::kCreateOrTruncate));
  RETURN_IF_ERROR(file->Lock());
  ASSIGN_OR_RETURN(const bool has_room, HasRoom(disk, path, size));
  if (!has_room) return PreparedSegment{std::move(file), std::move(path), false};
  RETURN_IF_ERROR(file->Allocate(size));
  const base::Bytes zeros(std::min(size, kPieceBytes), '\0');
  uint64_t started = 0;
  for (uint64_t offset = 0; offset < size;) {
    const uint64_t piece = std::min<uint64_t>(zeros.size(), size - offset);
    RETURN_IF_ERROR(file->WriteAt(offset, base::ByteView(zeros).substr(0, piece)));
    offset += piece;
    if (offset - started >= kWritebackBytes || offset == size) {
      RETURN_IF_ERROR(file->StartWriteback(started, offset - started));
      started = offset;
    }
  }
  RETURN_IF_ERROR(file->Sync());
  return PreparedSegment{std::move(file), std::move(path), true};
}

base::Status ZeroTail(runtime::File& file, uint64_t offset) {
  ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  base::Bytes piece;
  for (; offset < size; offset += piece.size()) {
    RETURN_IF_ERROR(file.ReadAt(offset, std::min(kPieceBytes, size - offset), &piece));
    if (piece.empty()) break;
    if (piece.find_first_not_of('\0') == base::Bytes::npos) continue;
    std::fill(piece.begin(), piece.end(), '\0');
    RETURN_IF_ERROR(file.WriteAt(offset, piece));
  }
  return {};
}

}  // namespace wal
