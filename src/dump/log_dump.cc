#include "dump/log_dump.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "cli/output.h"
#include "dump/entry_filter.h"
#include "dump/entry_text.h"
#include "dump/hex_id.h"
#include "dump/live_entries.h"
#include "dump/log_start.h"
#include "dump/stream_decoder.h"
#include "raft/codec.h"
#include "server/log_metadata.h"
#include "storage/wal/reader.h"
#include "storage/wal/record_scan.h"
#include "storage/wal/snapshot_mark.h"

namespace dump {
namespace {

constexpr int kFailed = 1;
constexpr int kPanicked = 2;  // of Go's programs that panic
constexpr uint64_t kNoEnd = std::numeric_limits<uint64_t>::max();

base::Status Wrong(const std::string& text) {
  return base::Status(base::Code::kDataLoss, text);
}

// What a first look at the log has found.
struct Survey {
  explicit Survey(base::Index start) : entries(start) {}

  base::Bytes metadata;
  bool has_metadata = false;
  raft::HardState state;
  LiveEntries entries;
  bool mark_found = false;
  base::Status leftover;
  base::Status gap;  // entries behind it were left out
};

class Surveying {
 public:
  Surveying(const LogStart& start, bool has_snapshot)
      : start_(start), has_snapshot_(has_snapshot), survey_(start.index) {}

  base::Status Read(wal::RecordScan scan) {
    while (survey_.gap.ok()) {
      ASSIGN_OR_RETURN(const auto record, scan.Next());
      if (!record.has_value()) break;
      const base::Status added = Add(*record);
      if (!added.ok()) return At(scan, added);
      survey_.gap = survey_.gap.ok() ? survey_.gap : At(scan, survey_.gap);
    }
    survey_.leftover = scan.leftover();
    return {};
  }

  Survey Take() && { return std::move(survey_); }

 private:
  static base::Status At(const wal::RecordScan& scan, const base::Status& what) {
    return Wrong(std::string(what.message()) + ": " + scan.path() + ": record at offset " +
                 std::to_string(scan.offset()));
  }

  base::Status Add(const wal::Record& record) {
    switch (record.type) {
      case wal::RecordType::kMetadata:
        if (survey_.has_metadata && survey_.metadata != record.data) {
          return Wrong("wal: conflicting metadata found");
        }
        survey_.has_metadata = true;
        survey_.metadata = base::Bytes(record.data);
        return {};
      case wal::RecordType::kEntry:
        return AddEntry(record.data);
      case wal::RecordType::kState: {
        ASSIGN_OR_RETURN(survey_.state, raft::DecodeHardState(record.data));
        return {};
      }
      case wal::RecordType::kSnapshot:
        return AddMark(record.data);
      case wal::RecordType::kCrc:
        return {};
    }
    return {};
  }

  base::Status AddEntry(base::ByteView data) {
    ASSIGN_OR_RETURN(const raft::Entry entry, raft::DecodeEntry(data));
    if (survey_.entries.Add(entry.index)) return {};
    survey_.gap =
        Wrong("wal: slice bounds out of range, snapshot[Index: " + base::ToString(start_.index) +
              ", Term: " + base::ToString(start_.term) + "], current entry[Index: " +
              base::ToString(entry.index) + ", Term: " + base::ToString(entry.term) +
              "], len(ents): " + std::to_string(survey_.entries.count()));
    return {};
  }

  base::Status AddMark(base::ByteView data) {
    wal::SnapshotMark mark;
    if (!wal::ParseSnapshotMark(data, &mark)) return Wrong("not a snapshot mark");
    if (!has_snapshot_ || mark.index != start_.index) return {};
    if (mark.term != start_.term) return Wrong("wal: snapshot mismatch");
    survey_.mark_found = true;
    return {};
  }

  const LogStart& start_;
  const bool has_snapshot_;
  Survey survey_;
};

class Dumping {
 public:
  Dumping(runtime::Disk* disk, const LogDump* dump, const Output* output)
      : disk_(*disk), dump_(*dump), output_(*output), filter_(dump->entry_types) {}

  int Run() {
    if (!FindStart() || !FindSegments() || !Look()) return kFailed;
    ShowHead();
    return ShowEntries();
  }

 private:
  void Print(const std::string& text) const { cli::Write(output_.out, text); }
  bool Fail(const std::string& what, const base::Status& why) const {
    cli::Flush(output_.out);
    output_.log.Print(what + ": " + std::string(why.message()));
    return false;
  }

  bool FindStart() {
    if (dump_.from_index) {
      Print("Start dumping log entries from index " + std::to_string(dump_.start_index) + ".\n");
      start_.index = base::Index(std::max<uint64_t>(dump_.start_index, 1) - 1);
      return true;
    }
    auto start = FindLogStart(disk_, dump_);
    if (!start.ok()) return Fail("Failed loading snapshot", start.status());
    start_ = *std::move(start);
    Print(StartText(start_) + "Start dumping log entries from snapshot.\n");
    return true;
  }

  bool FindSegments() {
    const std::string directory = LogDirectory(dump_);
    const auto names = wal::SelectSegments(disk_, directory, start_.index);
    if (!names.ok()) {
      return Fail("Failed opening WAL: wal: file not found", names.status());
    }
    for (const wal::SegmentName& name : *names) {
      paths_.push_back(runtime::JoinPath(directory, name.ToString()));
    }
    return true;
  }

  bool Look() {
    Surveying surveying(start_, !dump_.from_index);
    const base::Status read = surveying.Read(wal::RecordScan(&disk_, paths_));
    if (!read.ok()) return Fail("Failed reading WAL", read);
    survey_.emplace(std::move(surveying).Take());
    if (!survey_->gap.ok()) {
      if (dump_.end_index == kNoEnd) return Fail("Failed reading WAL", survey_->gap);
      (void)Fail("Failed reading all WAL", survey_->gap);
    }
    if (!dump_.from_index && !survey_->mark_found && survey_->gap.ok()) {
      return Fail(
          "Failed reading WAL: wal: snapshot not found",
          base::Status(base::Code::kNotFound, LogDirectory(dump_) + " has no mark of index " +
                                                  base::ToString(start_.index)));
    }
    if (!survey_->leftover.ok()) (void)Fail("Reading WAL ended", survey_->leftover);
    return true;
  }

  // Of those that count, how many are shown if they pass the filter.
  uint64_t CountWithinEnd() const {
    const uint64_t first = start_.index.value() + 1;
    const uint64_t most = dump_.end_index > first ? dump_.end_index - first : 0;
    return std::min(survey_->entries.count(), most);
  }

  void ShowHead() const {
    const auto parsed = server::ParseMetadata(survey_->metadata);
    const server::LogMetadata metadata = parsed.ok() ? *parsed : server::LogMetadata();
    const raft::HardState& state = survey_->state;
    const uint64_t count = CountWithinEnd();
    Print("WAL metadata:\nnodeID=" + HexId(metadata.member.value()) +
          " clusterID=" + HexId(metadata.cluster.value()) + " term=" + base::ToString(state.term) +
          " commitIndex=" + base::ToString(state.commit) + " vote=" + HexId(state.vote.value()) +
          "\nWAL entries: " + std::to_string(count) + "\n");
    if (count > 0) Print("lastIndex=" + std::to_string(start_.index.value() + count) + "\n");
    Print("term\t     index\ttype\tdata");
    if (!dump_.stream_decoder.empty()) Print("\tdecoder_status\tdecoded_data");
    Print("\n");
    for (const std::string& name : filter_.unknown_names()) {
      cli::Flush(output_.out);
      output_.log.Print("[" + name +
                        "] is not a valid entry-type, ignored.\nPlease set entry-type to one or "
                        "more of the following:\n" +
                        kEntryTypeNames);
    }
  }

  int ShowEntries() {
    if (!dump_.stream_decoder.empty()) {
      auto started = StreamDecoder::Start(dump_.stream_decoder, {});
      if (!started.ok()) return Panic(started.status());
      decoder_ = *std::move(started);
    }
    wal::RecordScan scan(&disk_, paths_);
    for (uint64_t place = 0; place < survey_->entries.places();) {
      const auto record = scan.Next();
      if (!record.ok()) return EndReading(record.status());
      if (!record->has_value()) break;
      if ((*record)->type != wal::RecordType::kEntry) continue;
      if (!survey_->entries.Has(place++)) continue;
      auto entry = raft::DecodeEntry((*record)->data);
      if (!entry.ok()) return EndReading(entry.status());
      if (entry->index.value() >= dump_.end_index) continue;
      if (!Show(ReadEntry(*std::move(entry)))) return kFailed;
    }
    if (decoder_ != nullptr) {
      cli::Flush(output_.out);
      if (const base::Status ended = decoder_->Finish(); !ended.ok()) return Panic(ended);
    }
    Print("\nEntry types (" + dump_.entry_types + ") count is : " + std::to_string(shown_) + "\n");
    return 0;
  }

  int EndReading(const base::Status& why) const {
    (void)Fail("Failed reading WAL", why);
    return kFailed;
  }
  int Panic(const base::Status& why) const {
    cli::Flush(output_.out);
    output_.log.Print(std::string(why.message()));
    return kPanicked;
  }

  bool Show(const ReadEntry& read) {
    if (!filter_.Passes(read)) return true;
    ++shown_;
    Print(EntryText(read));
    if (decoder_ != nullptr) {
      const auto answer = decoder_->Decode(read.entry.data.view());
      if (!answer.ok()) {
        Print(answer.status().code() == base::Code::kUnavailable ? "EOF\n" : "\n");
        return Fail("stream-decoder: entry " + base::ToString(read.entry.index), answer.status());
      }
      const Decoded decoded = SplitAnswer(*answer);
      Print("\t" + decoded.status + "\t" + decoded.data);
    }
    Print("\n");
    return true;
  }

  runtime::Disk& disk_;
  const LogDump& dump_;
  const Output& output_;
  const EntryFilter filter_;
  LogStart start_;
  std::vector<std::string> paths_;
  std::optional<Survey> survey_;
  std::unique_ptr<StreamDecoder> decoder_;  // null: none
  uint64_t shown_ = 0;
};

}  // namespace

std::string LogDirectory(const LogDump& dump) {
  if (!dump.wal_dir.empty()) return dump.wal_dir;
  return runtime::JoinPath(runtime::JoinPath(dump.data_dir, "member"), "wal");
}

int DumpLog(runtime::Disk& disk, const LogDump& dump, const Output& output) {
  return Dumping(&disk, &dump, &output).Run();
}

}  // namespace dump
