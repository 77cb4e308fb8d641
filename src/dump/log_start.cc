#include "dump/log_start.h"

#include "base/go_text.h"
#include "dump/hex_id.h"
#include "raft/codec.h"
#include "storage/snap/snapshot_directory.h"
#include "storage/snap/snapshot_file.h"
#include "storage/wal/reader.h"

namespace dump {
namespace {

using runtime::JoinPath;

base::Result<LogStart> ReadSnapshot(runtime::Disk& disk, const std::string& path) {
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (!exists) {
    return base::Status(base::Code::kNotFound, "open " + path + ": no such file or directory");
  }
  ASSIGN_OR_RETURN(const base::Bytes bytes, runtime::ReadFile(disk, path));
  if (bytes.empty()) return base::Status(base::Code::kDataLoss, path + ": snap: empty snapshot");
  const auto snapshot = snap::ParseSnapshotFile(bytes);
  if (!snapshot.has_value()) {
    return base::Status(base::Code::kDataLoss, path + ": snap: crc mismatch");
  }
  ASSIGN_OR_RETURN(raft::ConfState conf_state, raft::DecodeConfState(snapshot->conf_state));
  return LogStart{snapshot->index, snapshot->term, std::move(conf_state)};
}

base::Result<LogStart> StartOfMark(runtime::Disk& disk, const std::string& directory) {
  const auto mark = wal::FindNewestMark(disk, directory);
  // What is wrong with the log is told when it is read.
  if (!mark.ok()) return LogStart();
  LogStart start{mark->index, mark->term, {}};
  ASSIGN_OR_RETURN(start.conf_state, raft::DecodeConfState(mark->conf_state));
  return start;
}

std::string Ids(const std::vector<raft::MemberId>& ids) {
  std::vector<std::string> texts;
  for (const raft::MemberId id : ids) texts.push_back(HexId(id.value()));
  return "[" + base::Join(texts, " ") + "]";
}

void AppendJson(const char* name, const std::vector<raft::MemberId>& ids, std::string* json) {
  if (ids.empty()) return;
  std::vector<std::string> texts;
  for (const raft::MemberId id : ids) texts.push_back(std::to_string(id.value()));
  *json += std::string("\"") + name + "\":[" + base::Join(texts, ",") + "],";
}

std::string Json(const raft::ConfState& state) {
  std::string json = "{";
  AppendJson("voters", state.voters, &json);
  AppendJson("learners", state.learners, &json);
  AppendJson("voters_outgoing", state.voters_outgoing, &json);
  AppendJson("learners_next", state.learners_next, &json);
  return json + "\"auto_leave\":" + (state.auto_leave ? "true}" : "false}");
}

}  // namespace

base::Result<LogStart> FindLogStart(runtime::Disk& disk, const LogDump& dump) {
  const std::string directory = JoinPath(JoinPath(dump.data_dir, "member"), "snap");
  if (!dump.snapshot.empty()) return ReadSnapshot(disk, JoinPath(directory, dump.snapshot));
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(directory));
  if (!exists) {
    return base::Status(base::Code::kNotFound, "open " + directory + ": no such file or directory");
  }
  ASSIGN_OR_RETURN(const auto names, snap::SnapshotDirectory(&disk, directory).List());
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    auto start = ReadSnapshot(disk, JoinPath(directory, name->ToString()));
    if (start.ok()) return start;
  }
  return StartOfMark(disk, LogDirectory(dump));
}

std::string StartText(const LogStart& start) {
  if (start.index == base::Index()) return "Snapshot:\nempty\n";
  return "Snapshot:\nterm=" + base::ToString(start.term) + " index=" + base::ToString(start.index) +
         " nodes=" + Ids(start.conf_state.voters) + " confstate=" + Json(start.conf_state) + "\n";
}

}  // namespace dump
