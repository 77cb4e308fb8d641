#include "storage/wal/reader.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/callback.h"
#include "base/crc32c.h"
#include "raft/codec.h"
#include "storage/wal/decoder.h"
#include "storage/wal/found_records.h"
#include "storage/wal/log_end.h"

namespace wal {
namespace {

base::Status DataLoss(std::string what) {
  return base::Status(base::Code::kDataLoss, std::move(what));
}

base::Status RequireConsecutive(std::string_view directory, const std::vector<SegmentName>& names) {
  for (size_t i = 1; i < names.size(); ++i) {
    if (names[i].sequence != names[i - 1].sequence + 1) {
      return DataLoss(std::string(directory) + ": no segment between " + names[i - 1].ToString() +
                      " and " + names[i].ToString());
    }
  }
  return {};
}

// What can be told of the writes of a segment from the types of its records.
class Writes {
 public:
  void Add(RecordType type) {
    // Repeated metadata says so; a hard state behind another one is that of another program.
    if (type == RecordType::kCrc) *this = {};
    if (type == RecordType::kMetadata) {
      is_preallocated_ = is_preallocated_ || (end_in_state_ && previous_ == RecordType::kMetadata);
      end_in_state_ = metadata_found_;
      metadata_found_ = true;
    }
    if (type == RecordType::kState && previous_ == RecordType::kState) {
      end_in_state_ = false;
      is_preallocated_ = false;
    }
    previous_ = type;
  }
  // Whether each write ends in a hard state from here on, as far as is known.
  bool end_in_state() const { return end_in_state_; }
  // Whether the segment had all its space durably: metadata behind such metadata says so.
  bool is_preallocated() const { return is_preallocated_; }
  RecordType previous() const { return previous_; }

 private:
  bool metadata_found_ = false;
  bool end_in_state_ = false;
  bool is_preallocated_ = false;
  RecordType previous_ = RecordType::kCrc;
};

// Takes the records of segments one by one.
class Visitor {
 public:
  virtual ~Visitor() = default;
  // An error says what is wrong with the record.
  virtual base::Status Add(const Record& record) = 0;
  // Whether damage behind the records added so far may be passed over.
  virtual bool MayPassOver() { return false; }
  // Of the last entry or mark added; 0 if that is not known.
  virtual base::Index last_index() const { return {}; }
};

struct SegmentOptions {
  Decoder::Options decoder;
  bool is_sole_voter = false;
};

// Gives `visitor` every record of a segment; returns where it ends.
base::Result<Tail> VisitSegment(runtime::Disk& disk, const std::string& path,
                                const SegmentOptions& options, Visitor* visitor) {
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  Decoder decoder(file.get(), size, path, options.decoder);
  Writes writes;
  Record record;
  Decoder::Outcome outcome;
  uint64_t offset = 0;
  while ((outcome = decoder.Next(&record)) != Decoder::Outcome::kEnd) {
    if (outcome == Decoder::Outcome::kFailed) return decoder.status();
    if (outcome == Decoder::Outcome::kRecord) {
      const base::Status added = visitor->Add(record);
      if (!added.ok()) {
        return DataLoss(path + ": damaged record at offset " + std::to_string(offset) + ": " +
                        std::string(added.message()));
      }
      writes.Add(record.type);
    } else if (!visitor->MayPassOver() || !decoder.PassOver()) {
      break;
    }
    offset = decoder.offset();
  }
  const bool is_end = outcome == Decoder::Outcome::kEnd;
  if (!is_end && !options.decoder.may_be_torn) return decoder.status();
  if (offset == 0) {  // but a segment appears under its name with its opening records
    return is_end ? DataLoss(path + ": damaged record at offset 0: nothing there")
                  : decoder.status();
  }
  Tail tail;
  tail.path = path;
  tail.offset = decoder.offset();
  tail.chain = decoder.chain();
  tail.size = size;
  tail.is_preallocated = writes.is_preallocated();
  const bool ends_a_write = writes.end_in_state() && writes.previous() == RecordType::kState;
  tail.may_be_closed = ends_a_write && size == tail.offset;
  tail.is_closed = ends_a_write && size == tail.offset + kClosingBytes;
  if (!options.decoder.may_be_torn) return tail;
  ASSIGN_OR_RETURN(tail.must_be_cut,
                   MustBeCut({.file = file.get(),
                              .size = size,
                              .path = path,
                              .offset = decoder.offset(),
                              .last_index = visitor->last_index(),
                              .is_sole_voter = options.is_sole_voter,
                              .writes_end_in_state = writes.end_in_state(),
                              .after_state = writes.previous() == RecordType::kState,
                              .fault = is_end ? base::Status() : decoder.status(),
                              .is_torn = outcome == Decoder::Outcome::kTorn,
                              .torn_end = is_end ? 0 : decoder.torn_end()}));
  return tail;
}

// Where the log and the segment before its last one end.
struct Ends {
  Tail last;
  std::optional<Tail> before;
};

base::Result<Ends> VisitSegments(runtime::Disk& disk, std::string_view directory,
                                 const std::vector<SegmentName>& names, SegmentOptions options,
                                 Visitor* visitor) {
  Ends ends;
  for (const SegmentName& name : names) {
    if (name != names.front()) ends.before = std::move(ends.last);
    options.decoder.may_be_torn = name == names.back();
    ASSIGN_OR_RETURN(ends.last, VisitSegment(disk, runtime::JoinPath(directory, name.ToString()),
                                             options, visitor));
    options.decoder.chain = ends.last.chain;
    options.decoder.chain_known = true;
  }
  return ends;
}

// Collects the contents of a log record by record.
class Collector : public Visitor {
 public:
  // Reads from the segment `first` on, which is named by what follows the entries before it.
  Collector(const SnapshotMark& start, const SegmentName& first)
      : start_(start), last_index_(std::max<uint64_t>(first.first_index.value(), 1) - 1) {}

  base::Status Add(const Record& record) override {
    RETURN_IF_ERROR(AddRecord(record));
    writes_.Add(record.type);
    return {};
  }

  bool start_found() const { return start_found_; }
  base::Index last_index() const override { return last_index_; }
  Contents TakeContents() { return std::move(contents_); }

 protected:
  const SnapshotMark& start_;
  Contents contents_;
  base::Index last_index_;
  bool metadata_found_ = false;
  bool start_found_ = false;
  // Since the beginning, or since damage was passed over.
  bool entry_found_ = false;
  bool state_found_ = false;
  Writes writes_;

 private:
  base::Status AddRecord(const Record& record) {
    switch (record.type) {
      case RecordType::kMetadata:
        return AddMetadata(record.data);
      case RecordType::kEntry:
        return AddEntry(record.data);
      case RecordType::kState:
        return AddState(record.data);
      case RecordType::kSnapshot:
        return AddMark(record.data);
      case RecordType::kCrc:
        break;
    }
    return {};
  }

  base::Status AddMetadata(base::ByteView data) {
    if (metadata_found_ && contents_.metadata != data) {
      return DataLoss("the metadata differs from that of the segment before");
    }
    contents_.metadata = base::Bytes(data);
    metadata_found_ = true;
    return {};
  }

  base::Status AddEntry(base::ByteView data) {
    base::Result<raft::Entry> entry = raft::DecodeEntry(data);
    RETURN_IF_ERROR(entry.status());
    // The checksum does not cover the type of a record: this might be a hard state.
    if (writes_.end_in_state() && writes_.previous() == RecordType::kEntry &&
        entry->index != last_index_ + 1) {
      return DataLoss("entry " + base::ToString(entry->index) + " follows entry " +
                      base::ToString(last_index_) + " in one write");
    }
    entry_found_ = true;
    last_index_ = entry->index;
    auto& entries = contents_.entries;
    // It replaces those from its index on, also all of them.
    const bool covered = entry->index <= start_.index;
    const uint64_t position = covered ? 0 : entry->index - start_.index - 1;
    if (position > entries.size()) {
      return DataLoss("entry " + base::ToString(entry->index) + " follows entry " +
                      base::ToString(start_.index + entries.size()));
    }
    entries.resize(position);
    if (!covered) entries.push_back(*std::move(entry));
    return {};
  }

  base::Status AddState(base::ByteView data) {
    const base::Result<raft::HardState> state = raft::DecodeHardState(data);
    RETURN_IF_ERROR(state.status());
    // Nor here: this might be an entry.
    base::Bytes encoded;
    raft::Encode(*state, &encoded);
    if (encoded != data) return DataLoss("not a hard state");
    if (state->term < contents_.hard_state.term) {
      return DataLoss("the term goes back from " + base::ToString(contents_.hard_state.term) +
                      " to " + base::ToString(state->term));
    }
    contents_.hard_state = *state;
    state_found_ = true;
    return {};
  }

  base::Status AddMark(base::ByteView data) {
    SnapshotMark mark;
    if (!ParseSnapshotMark(data, &mark)) {
      return DataLoss("not a snapshot mark");
    }
    last_index_ = std::max(last_index_, mark.index);
    if (mark.index != start_.index) return {};
    if (mark.term != start_.term) {
      return DataLoss("the log's snapshot at index " + base::ToString(mark.index) + " has term " +
                      base::ToString(mark.term) + ", not " + base::ToString(start_.term));
    }
    start_found_ = true;
    return {};
  }
};

// Passes over damage among the entries that need not be read.
class PastDamageCollector final : public Collector {
 public:
  using Collector::Collector;

  bool MayPassOver() override {
    if (last_index_ >= start_.index) return false;
    passed_over_ = true;
    writes_ = {};
    contents_.entries.clear();
    entry_found_ = false;
    state_found_ = false;
    return true;
  }

  // Whether nothing above the start was lost.
  bool whole() const { return metadata_found_ && state_found_ && (entry_found_ || !passed_over_); }

 private:
  bool passed_over_ = false;
};

// The last committed mark of one segment after another, from the last one back.
class MarkFinder final : public Visitor {
 public:
  base::Status Add(const Record& record) override {
    if (record.type == RecordType::kState) {
      const base::Result<raft::HardState> state = raft::DecodeHardState(record.data);
      RETURN_IF_ERROR(state.status());
      commit_ = state->commit;
    } else if (record.type == RecordType::kSnapshot) {
      if (!ParseSnapshotMark(record.data, &marks_.emplace_back())) {
        return DataLoss("not a snapshot mark");
      }
    }
    return {};
  }

  // After a whole segment: its newest mark that is committed. Segments begin with the hard state
  // that holds there, so that the first one looked at knows what is.
  std::optional<SnapshotMark> TakeNewest() {
    known_commit_ = known_commit_.value_or(commit_);
    std::erase_if(marks_, [this](const auto& mark) { return mark.index > *known_commit_; });
    if (marks_.empty()) return std::nullopt;
    return std::move(marks_.back());
  }

 private:
  std::vector<SnapshotMark> marks_;
  base::Index commit_;
  std::optional<base::Index> known_commit_;
};

base::Status NoSegment(std::string_view directory, base::Index index) {
  return {
      base::Code::kNotFound,
      std::string(directory) + ": no log segment reaches back to index " + base::ToString(index)};
}

}  // namespace

base::Result<std::vector<SegmentName>> SelectSegments(const runtime::Disk& disk,
                                                      std::string_view directory,
                                                      base::Index start) {
  ASSIGN_OR_RETURN(auto names, ListSegments(disk, directory));
  auto first = names.end();
  while (first != names.begin() && (first == names.end() || first->first_index > start)) --first;
  if (names.empty() || first->first_index > start) return NoSegment(directory, start);
  names.erase(names.begin(), first);
  RETURN_IF_ERROR(RequireConsecutive(directory, names));
  return names;
}

base::Result<ReadLog> Read(runtime::Disk& disk, std::string_view directory,
                           const SnapshotMark& start, bool is_sole_voter, Frames frames) {
  ASSIGN_OR_RETURN(const auto names, SelectSegments(disk, directory, start.index));
  Collector collector(start, names.front());
  const SegmentOptions options{.decoder = {.may_be_unpadded = frames == Frames::kAny},
                               .is_sole_voter = is_sole_voter};
  ASSIGN_OR_RETURN(Ends ends, VisitSegments(disk, directory, names, options, &collector));
  if (!collector.start_found()) {
    return base::Status(base::Code::kNotFound, std::string(directory) +
                                                   ": the log has no snapshot record of index " +
                                                   base::ToString(start.index));
  }
  ends.last.last_index = collector.last_index();
  return ReadLog{collector.TakeContents(), std::move(ends.last), std::move(ends.before)};
}

base::Result<ReadLog> ReadPastDamage(runtime::Disk& disk, std::string_view directory,
                                     const SnapshotMark& covered, bool is_sole_voter) {
  // A segment that begins with the next entry is enough.
  ASSIGN_OR_RETURN(const auto names, SelectSegments(disk, directory, covered.index + 1));
  PastDamageCollector collector(covered, names.front());
  const SegmentOptions options{.decoder = {}, .is_sole_voter = is_sole_voter};
  ASSIGN_OR_RETURN(Ends ends, VisitSegments(disk, directory, names, options, &collector));
  if (!collector.whole()) {
    return DataLoss(ends.last.path + ": nothing behind the damage says what was lost");
  }
  ends.last.last_index = collector.last_index();
  return ReadLog{collector.TakeContents(), std::move(ends.last), std::move(ends.before)};
}

base::Result<SnapshotMark> FindNewestMark(runtime::Disk& disk, std::string_view directory,
                                          Frames frames) {
  ASSIGN_OR_RETURN(const auto names, ListSegments(disk, directory));
  MarkFinder finder;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    SegmentOptions options{.decoder = {.may_be_unpadded = frames == Frames::kAny}};
    options.decoder.may_be_torn = name == names.rbegin();
    RETURN_IF_ERROR(
        VisitSegment(disk, runtime::JoinPath(directory, name->ToString()), options, &finder)
            .status());
    if (auto newest = finder.TakeNewest()) return *std::move(newest);
  }
  return base::Status(base::Code::kNotFound,
                      std::string(directory) + ": the log has no mark to be read from");
}

bool EndsBelow(const Remains& remains, base::Index covered) {
  return !remains.metadata.empty() && remains.highest_index < covered;
}

base::Result<Remains> ReadRemains(runtime::Disk& disk, std::string_view directory) {
  ASSIGN_OR_RETURN(const auto names, ListSegments(disk, directory));
  Remains remains;
  for (const SegmentName& name : names) {
    remains.path = runtime::JoinPath(directory, name.ToString());
    ASSIGN_OR_RETURN(const auto file, disk.Open(remains.path, runtime::OpenMode::kRead));
    ASSIGN_OR_RETURN(remains.size, file->Size());
    FoundRecords records(file.get(), remains.size, 0);
    Writes writes;
    bool has_head = false;
    uint32_t opening_crc = 0;
    uint64_t opening_end = 0;  // 0: the file does not begin with the record that opens a segment
    while (true) {
      ASSIGN_OR_RETURN(std::optional<FoundRecord> record, records.Next());
      if (!record.has_value()) break;
      writes.Add(record->type);
      has_head |= record->type != RecordType::kCrc && record->type != RecordType::kMetadata;
      if (record->type == RecordType::kCrc && record->offset == 0) {
        opening_crc = record->crc;
        opening_end = record->end;
      }
      const bool is_second = record->offset > 0 && record->offset == opening_end;
      if (is_second && record->type == RecordType::kMetadata &&
          record->crc == base::Crc32c(record->metadata, opening_crc)) {
        remains.metadata = std::move(record->metadata);
      }
      if (record->type == RecordType::kState) remains.hard_state = record->hard_state;
      remains.highest_index = std::max(remains.highest_index, record->index);
    }
    remains.is_preallocated = !has_head || writes.is_preallocated();
  }
  return remains;
}

}  // namespace wal
