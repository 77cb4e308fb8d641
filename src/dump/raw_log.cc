#include "dump/raw_log.h"

#include <cstdio>
#include <string_view>
#include <vector>

#include "cli/output.h"
#include "raft/codec.h"
#include "server/log_metadata.h"
#include "storage/wal/record_scan.h"
#include "storage/wal/snapshot_mark.h"

namespace dump {
namespace {

constexpr int kFailed = 1;

// Bytes in quotes, those that are not ASCII in octal.
std::string OctalText(base::ByteView bytes) {
  std::string text = "\"";
  for (const char byte : bytes) {
    if (byte == '"' || byte == '\\') {
      text += '\\';
      text += byte;
    } else if (byte >= 32 && byte < 127) {
      text += byte;
    } else if (byte == '\n') {
      text += "\\n";
    } else if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\t') {
      text += "\\t";
    } else {
      char octal[8];
      std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(uint8_t(byte)));
      text += octal;
    }
  }
  return text + '"';
}

std::string TypeText(raft::EntryType type) {
  switch (type) {
    case raft::EntryType::kNormal:
      return "";
    case raft::EntryType::kConfChange:
      return " Type:EntryConfChange";
    case raft::EntryType::kConfChangeV2:
      return " Type:EntryConfChangeV2";
  }
  return "";
}

// One line, or nothing for what lies before `start`.
base::Result<std::string> EntryLine(base::ByteView data, uint64_t start) {
  ASSIGN_OR_RETURN(const raft::Entry entry, raft::DecodeEntry(data));
  if (entry.index.value() < start) return std::string();
  std::string line = "Entry: Term:" + base::ToString(entry.term) +
                     " Index:" + base::ToString(entry.index) + TypeText(entry.type);
  if (!entry.data.empty()) line += " Data:" + OctalText(entry.data.view()) + " ";
  return line + "\n";
}

base::Result<std::string> MetadataLine(base::ByteView data) {
  if (data.empty()) return std::string("Metadata: \n");
  ASSIGN_OR_RETURN(const server::LogMetadata metadata, server::ParseMetadata(data));
  return "Metadata: NodeID:" + base::ToString(metadata.member) +
         " ClusterID:" + base::ToString(metadata.cluster) + "\n";
}

base::Result<std::string> MarkLine(base::ByteView data, uint64_t start) {
  wal::SnapshotMark mark;
  if (!wal::ParseSnapshotMark(data, &mark)) {
    return base::Status(base::Code::kDataLoss, "not a snapshot mark");
  }
  if (mark.index.value() < start) return std::string();
  return "Snapshot: index:" + base::ToString(mark.index) + " term:" + base::ToString(mark.term) +
         "\n";
}

base::Result<std::string> StateLine(base::ByteView data, uint64_t start) {
  ASSIGN_OR_RETURN(const raft::HardState state, raft::DecodeHardState(data));
  if (state.commit.value() < start) return std::string();
  return "HardState: term:" + base::ToString(state.term) + " vote:" + base::ToString(state.vote) +
         " commit:" + base::ToString(state.commit) + "\n";
}

base::Result<std::string> LineOf(const wal::Record& record, uint64_t start) {
  switch (record.type) {
    case wal::RecordType::kMetadata:
      return MetadataLine(record.data);
    case wal::RecordType::kEntry:
      return EntryLine(record.data, start);
    case wal::RecordType::kState:
      return StateLine(record.data, start);
    case wal::RecordType::kCrc:
      return "CRC: " + std::to_string(record.crc) + "\n";
    case wal::RecordType::kSnapshot:
      return MarkLine(record.data, start);
  }
  return std::string();
}

class RawDumping {
 public:
  RawDumping(wal::RecordScan scan, const LogDump& dump, const Output& output)
      : scan_(std::move(scan)), dump_(dump), output_(output) {}

  int Run() {
    while (true) {
      auto next = scan_.Next();
      std::optional<wal::Record> record;
      if (next.ok()) {
        record = *next;
      } else if (record = scan_.TakeUnchecked(); record.has_value()) {
        Tell("Error: Reading entry failed with CRC error: " + std::string(next.status().message()));
      } else {
        Tell("Error: Reading failed: " + std::string(next.status().message()));
        return 0;
      }
      if (!record.has_value()) break;
      Show(*record);
    }
    if (scan_.leftover().ok()) {
      Print("EOF: All entries were processed.\n");
    } else {
      Print("ErrUnexpectedEOF: The last record might be corrupted, error: " +
            std::string(scan_.leftover().message()) + ".\n");
    }
    return 0;
  }

 private:
  void Print(const std::string& text) const { cli::Write(output_.out, text); }
  void Tell(const std::string& text) const {
    cli::Flush(output_.out);
    output_.log.Print(text);
  }

  void Show(const wal::Record& record) const {
    const auto line = LineOf(record, dump_.start_index);
    if (line.ok()) return Print(*line);
    Tell("Error: " + std::string(line.status().message()) + ": " + scan_.path() +
         ": record at offset " + std::to_string(scan_.offset()));
  }

  wal::RecordScan scan_;
  const LogDump& dump_;
  const Output& output_;
};

}  // namespace

int DumpRawLog(runtime::Disk& disk, const LogDump& dump, const Output& output) {
  constexpr std::string_view kSuffix = ".wal";
  const std::string directory = LogDirectory(dump);
  const auto fail = [&](const std::string& why) {
    output.log.Print("Error: Failed to read directory '" + directory + "' error:" + why);
    return kFailed;
  };
  const auto exists = disk.Exists(directory);
  if (exists.ok() && !*exists) {
    return fail("open " + directory + ": no such file or directory");
  }
  const auto names = disk.List(directory);
  if (!names.ok()) return fail(std::string(names.status().message()));
  std::vector<std::string> paths;
  for (const std::string& name : *names) {
    if (name.ends_with(kSuffix)) {
      paths.push_back(runtime::JoinPath(directory, name));
    } else {
      output.log.Print("Warning: Ignoring not .wal file: " + name);
    }
  }
  return RawDumping(wal::RecordScan(&disk, std::move(paths)), dump, output).Run();
}

}  // namespace dump
