#include "storage/snap/snapshot_file.h"

#include <charconv>
#include <cstdio>

#include "base/crc32c.h"
#include "base/wire.h"

namespace snap {
namespace {

constexpr size_t kHexDigits = 16;
constexpr std::string_view kSuffix = ".snap";

struct FileField {
  enum : uint32_t { kCrc = 1, kData = 2 };
};
struct SnapshotField {
  enum : uint32_t { kData = 1, kMetadata = 2 };
};
struct MetadataField {
  enum : uint32_t { kConfState = 1, kIndex = 2, kTerm = 3 };
};

bool ParseHex(std::string_view text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseMetadata(base::ByteView bytes, Snapshot* snapshot) {
  base::WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case MetadataField::kConfState:
        snapshot->conf_state = base::Bytes(reader.bytes());
        break;
      case MetadataField::kIndex:
        snapshot->index = base::Index(reader.varint());
        break;
      case MetadataField::kTerm:
        snapshot->term = base::Term(reader.varint());
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

bool ParseSnapshot(base::ByteView bytes, Snapshot* snapshot) {
  bool metadata_ok = false;
  base::WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case SnapshotField::kData:
        snapshot->data = base::Bytes(reader.bytes());
        break;
      case SnapshotField::kMetadata:
        metadata_ok = ParseMetadata(reader.bytes(), snapshot);
        break;
      default:
        break;
    }
  }
  return reader.ok() && metadata_ok;
}

}  // namespace

std::string SnapshotName::ToString() const {
  char text[2 * kHexDigits + 2 + kSuffix.size()];
  std::snprintf(text, sizeof text, "%016llx-%016llx.snap",
                static_cast<unsigned long long>(term.value()),
                static_cast<unsigned long long>(index.value()));
  return text;
}

std::optional<SnapshotName> SnapshotName::Parse(std::string_view text) {
  if (text.size() != 2 * kHexDigits + 1 + kSuffix.size() || text[kHexDigits] != '-' ||
      text.substr(2 * kHexDigits + 1) != kSuffix) {
    return std::nullopt;
  }
  uint64_t term = 0;
  uint64_t index = 0;
  if (!ParseHex(text.substr(0, kHexDigits), &term) ||
      !ParseHex(text.substr(kHexDigits + 1, kHexDigits), &index)) {
    return std::nullopt;
  }
  return SnapshotName{base::Term(term), base::Index(index)};
}

base::Bytes EncodeSnapshotFile(const Snapshot& snapshot) {
  base::Bytes metadata;
  base::WireWriter metadata_writer(&metadata);
  metadata_writer.Bytes(MetadataField::kConfState, snapshot.conf_state);
  metadata_writer.Varint(MetadataField::kIndex, snapshot.index.value());
  metadata_writer.Varint(MetadataField::kTerm, snapshot.term.value());

  base::Bytes data;
  base::WireWriter data_writer(&data);
  data_writer.BytesIfSet(SnapshotField::kData, snapshot.data);
  data_writer.Bytes(SnapshotField::kMetadata, metadata);

  base::Bytes file;
  base::WireWriter file_writer(&file);
  file_writer.Varint(FileField::kCrc, base::Crc32c(data));
  file_writer.Bytes(FileField::kData, data);
  return file;
}

std::optional<Snapshot> ParseSnapshotFile(base::ByteView bytes) {
  uint64_t crc = 0;
  base::ByteView data;
  base::WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case FileField::kCrc:
        crc = reader.varint();
        break;
      case FileField::kData:
        data = reader.bytes();
        break;
      default:
        break;
    }
  }
  Snapshot snapshot;
  if (!reader.ok() || data.empty() || crc != base::Crc32c(data)) return std::nullopt;
  if (!ParseSnapshot(data, &snapshot)) return std::nullopt;
  return snapshot;
}

}  // namespace snap
