#include "storage/wal/reader.h"

#include <memory>

#include "base/callback.h"
#include "storage/wal/decoder.h"
#include "storage/wal/payload.h"

namespace wal {
namespace {

base::Status DataLoss(std::string_view path, std::string_view what) {
  return base::Status(base::Code::kDataLoss, std::string(path).append(": ").append(what));
}

base::Status RequireConsecutive(std::string_view directory, const std::vector<SegmentName>& names) {
  for (size_t i = 1; i < names.size(); ++i) {
    if (names[i].sequence != names[i - 1].sequence + 1) {
      return DataLoss(directory, "no segment between " + names[i - 1].ToString() + " and " +
                                     names[i].ToString());
    }
  }
  return {};
}

using Visitor = base::Callback<base::Status(const Record&, const std::string& path)>;

// Calls `visit` with every record but the crc-records; returns where the log ends.
base::Result<Tail> VisitRecords(runtime::Disk& disk, std::string_view directory,
                                const std::vector<SegmentName>& names, Visitor visit) {
  Tail tail;
  Decoder::Options options;
  for (size_t i = 0; i < names.size(); ++i) {
    std::string path = runtime::JoinPath(directory, names[i].ToString());
    ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kRead));
    ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    options.may_be_torn = i + 1 == names.size();
    Decoder decoder(file.get(), size, path, options);
    Record record;
    Decoder::Outcome outcome;
    while ((outcome = decoder.Next(&record)) == Decoder::Outcome::kRecord) {
      if (record.type != RecordType::kCrc) RETURN_IF_ERROR(visit(record, path));
    }
    tail.torn = outcome == Decoder::Outcome::kTorn;
    if (outcome != Decoder::Outcome::kEnd && !tail.torn) return decoder.status();
    tail.offset = decoder.offset();
    tail.chain = options.chain = decoder.chain();
    options.chain_known = true;
  }
  return tail;
}

// Collects the contents of a log record by record.
class Collector {
 public:
  explicit Collector(const SnapshotMark& start) : start_(start) {}

  base::Status Add(const Record& record, const std::string& path) {
    switch (record.type) {
      case RecordType::kMetadata:
        return AddMetadata(record.data, path);
      case RecordType::kEntry:
        return AddEntry(record.data, path);
      case RecordType::kState:
        if (!ParseHardState(record.data, &contents_.hard_state)) return Malformed(path);
        return {};
      case RecordType::kSnapshot:
        return AddMark(record.data, path);
      case RecordType::kCrc:
        break;
    }
    return {};
  }

  bool start_found() const { return start_found_; }
  base::Index last_index() const { return last_index_; }
  Contents TakeContents() { return std::move(contents_); }

 private:
  static base::Status Malformed(const std::string& path) {
    return DataLoss(path, "a record with a good checksum cannot be decoded");
  }

  base::Status AddMetadata(base::ByteView data, const std::string& path) {
    if (metadata_found_ && contents_.metadata != data) {
      return DataLoss(path, "the metadata differs from that of the segment before");
    }
    contents_.metadata = base::Bytes(data);
    metadata_found_ = true;
    return {};
  }

  base::Status AddEntry(base::ByteView data, const std::string& path) {
    Entry entry;
    if (!ParseEntry(data, &entry)) return Malformed(path);
    last_index_ = entry.index;
    if (entry.index <= start_.index) return {};
    const uint64_t position = entry.index - start_.index - 1;
    auto& entries = contents_.entries;
    if (position > entries.size()) {
      return DataLoss(path, "entry " + base::ToString(entry.index) + " follows entry " +
                                base::ToString(start_.index + entries.size()));
    }
    entries.resize(position);
    entries.push_back({entry.type, entry.term, entry.index, base::SharedBytes(entry.data)});
    return {};
  }

  base::Status AddMark(base::ByteView data, const std::string& path) {
    SnapshotMark mark;
    if (!ParseSnapshotMark(data, &mark)) return Malformed(path);
    if (mark.index != start_.index) return {};
    if (mark.term != start_.term) {
      return DataLoss(path, "the log's snapshot at index " + base::ToString(mark.index) +
                                " has term " + base::ToString(mark.term) + ", not " +
                                base::ToString(start_.term));
    }
    start_found_ = true;
    return {};
  }

  const SnapshotMark& start_;
  Contents contents_;
  base::Index last_index_;
  bool metadata_found_ = false;
  bool start_found_ = false;
};

}  // namespace

base::Result<std::vector<SegmentName>> SelectSegments(const runtime::Disk& disk,
                                                      std::string_view directory,
                                                      base::Index start) {
  ASSIGN_OR_RETURN(auto names, ListSegments(disk, directory));
  auto first = names.end();
  while (first != names.begin() && (first == names.end() || first->first_index > start)) --first;
  if (names.empty() || first->first_index > start) {
    return base::Status(
        base::Code::kNotFound,
        std::string(directory) + ": no log segment reaches back to index " + base::ToString(start));
  }
  names.erase(names.begin(), first);
  RETURN_IF_ERROR(RequireConsecutive(directory, names));
  return names;
}

base::Result<ReadLog> Read(runtime::Disk& disk, std::string_view directory,
                           const SnapshotMark& start) {
  ASSIGN_OR_RETURN(const auto names, SelectSegments(disk, directory, start.index));
  Collector collector(start);
  ASSIGN_OR_RETURN(Tail tail,
                   VisitRecords(disk, directory, names,
                                [&collector](const Record& record, const std::string& path) {
                                  return collector.Add(record, path);
                                }));
  if (!collector.start_found()) {
    return base::Status(base::Code::kNotFound, std::string(directory) +
                                                   ": the log has no snapshot record of index " +
                                                   base::ToString(start.index));
  }
  tail.last_index = collector.last_index();
  return ReadLog{collector.TakeContents(), tail};
}

base::Result<std::vector<SnapshotMark>> ReadSnapshotMarks(runtime::Disk& disk,
                                                          std::string_view directory) {
  ASSIGN_OR_RETURN(const auto names, ListSegments(disk, directory));
  RETURN_IF_ERROR(RequireConsecutive(directory, names));
  std::vector<SnapshotMark> marks;
  HardState state;
  RETURN_IF_ERROR(VisitRecords(disk, directory, names,
                               [&](const Record& record, const std::string& path) -> base::Status {
                                 bool parsed = true;
                                 if (record.type == RecordType::kSnapshot) {
                                   parsed = ParseSnapshotMark(record.data, &marks.emplace_back());
                                 } else if (record.type == RecordType::kState) {
                                   parsed = ParseHardState(record.data, &state);
                                 }
                                 return parsed ? base::Status()
                                               : DataLoss(path, "a record cannot be decoded");
                               })
                      .status());
  std::erase_if(marks, [&state](const auto& mark) { return mark.index > state.commit; });
  return marks;
}

}  // namespace wal
