#include "server/etcd_backup.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "server/etcd_entry.h"
#include "server/etcd_log.h"
#include "server/new_directory.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_directory.h"
#include "storage/wal/log.h"

namespace server {
namespace {

using schema::Bucket;
using schema::Id;

constexpr size_t kIndexBytes = 8;

base::ByteView NameOf(Bucket bucket) {
  return schema::kBucketNames[Id(bucket)];
}

base::Bytes IndexBytes(base::Index index) {
  base::Bytes bytes(kIndexBytes, 0);
  base::Store64Be(bytes.data(), index.value());
  return bytes;
}

// A database that says how much of the log it covers, and nothing else.
class EmptyDatabase final : public snap::Source {
 public:
  explicit EmptyDatabase(base::Index covered) : covered_(IndexBytes(covered)) {}

  base::Status Rewind() override {
    given_ = 0;
    return {};
  }
  base::Result<std::optional<base::ByteView>> NextBucket() override {
    if (given_ > 0) return std::optional<base::ByteView>();
    given_ = 1;
    return std::optional(NameOf(Bucket::kMeta));
  }
  base::Result<std::optional<snap::Record>> NextRecord() override {
    if (given_ != 1) return std::optional<snap::Record>();
    given_ = 2;
    return std::optional<snap::Record>({schema::kConsistentIndex, covered_});
  }

 private:
  const base::Bytes covered_;
  int given_ = 0;
};

// The log of the copy.
class Log {
 public:
  Log(EtcdLog* log, bool keeps_v3) : log_(*log) {
    std::vector<raft::Entry> kept;
    for (raft::Entry& entry : log_.entries) {
      if (IsLeftOut(entry, keeps_v3)) {
        gone_.push_back(entry.index);
        continue;
      }
      entry.index = After(entry.index);
      kept.push_back(std::move(entry));
    }
    log_.entries = std::move(kept);
    log_.hard_state.commit = After(log_.hard_state.commit);
  }

  const EtcdLog& contents() const { return log_; }
  const LeftOut& left_out() const { return left_out_; }
  // Where the log is now that was at `index`, or the last before it that is still there.
  base::Index After(base::Index index) const {
    const auto end = std::upper_bound(gone_.begin(), gone_.end(), index);
    return base::Index(index.value() - static_cast<uint64_t>(end - gone_.begin()));
  }

 private:
  bool IsLeftOut(const raft::Entry& entry, bool keeps_v3) {
    size_t* count = nullptr;
    if (entry.type != raft::EntryType::kNormal) {
      count = &left_out_.changes_of_members;
    } else if (NamesMember(entry)) {
      count = &left_out_.names_of_members;
    } else if (!keeps_v3 && IsOfV3(entry)) {
      count = &left_out_.entries_of_v3;
    }
    if (count == nullptr) return false;
    ++*count;
    return true;
  }

  EtcdLog& log_;
  std::vector<base::Index> gone_;  // ascending
  LeftOut left_out_;
};

// The database without the members, and with what it covers of the copy's log.
class CopiedDatabase final : public snap::Source {
 public:
  CopiedDatabase(snap::Source* source, const Log* log) : source_(*source), log_(*log) {}

  base::Status Rewind() override { return source_.Rewind(); }
  base::Result<std::optional<base::ByteView>> NextBucket() override {
    while (true) {
      ASSIGN_OR_RETURN(const std::optional<base::ByteView> name, source_.NextBucket());
      is_meta_ = name == NameOf(Bucket::kMeta);
      const bool is_of_members = name == NameOf(Bucket::kMembers) ||
                                 name == NameOf(Bucket::kMembersRemoved) ||
                                 name == NameOf(Bucket::kCluster);
      if (!is_of_members) return name;
    }
  }
  base::Result<std::optional<snap::Record>> NextRecord() override {
    ASSIGN_OR_RETURN(std::optional<snap::Record> record, source_.NextRecord());
    const bool is_index = is_meta_ && record.has_value() &&
                          record->key == schema::kConsistentIndex &&
                          record->value.size() == kIndexBytes;
    if (!is_index) return record;
    covered_ = IndexBytes(log_.After(base::Index(base::Load64Be(record->value.data()))));
    record->value = covered_;
    return record;
  }

 private:
  snap::Source& source_;
  const Log& log_;
  bool is_meta_ = false;
  base::Bytes covered_;
};

base::Status WriteDatabase(runtime::Disk& disk, const Paths& paths, snap::Source& source) {
  ASSIGN_OR_RETURN(const auto file,
                   disk.Open(runtime::JoinPath(paths.snap, "db"), runtime::OpenMode::kCreate));
  ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(source));
  uint64_t written = 0;
  RETURN_IF_ERROR(snap::WriteBbolt(source, layout, [&](base::ByteView piece) {
    return file->WriteAt(std::exchange(written, written + piece.size()), piece);
  }));
  return file->Sync();
}

base::Status CopySnapshot(runtime::Disk& disk, const Paths& from, const Paths& to,
                          raft::EntryId at) {
  if (at.index == base::Index()) return disk.SyncDirectory(to.snap);
  const snap::SnapshotName name{at.term, at.index};
  ASSIGN_OR_RETURN(const base::Bytes file,
                   runtime::ReadFile(disk, runtime::JoinPath(from.snap, name.ToString())));
  RETURN_IF_ERROR(snap::SnapshotDirectory(&disk, to.snap).Save(name, file));
  return disk.SyncDirectory(to.snap);
}

base::Status WriteLog(runtime::Disk& disk, const Paths& paths, const EtcdBackup& request,
                      const EtcdLog& contents) {
  ASSIGN_OR_RETURN(const auto log,
                   wal::Log::Create(disk, paths.wal, EncodeMetadata(request.name),
                                    {.segment_bytes = request.target->wal_segment_bytes}));
  const wal::SnapshotMark mark{contents.base.index, contents.base.term, {}};
  const bool is_at_start = contents.base.index == base::Index();  // where a log begins with a mark
  return log->Append({.mark = is_at_start ? nullptr : &mark,
                      .entries = contents.entries,
                      .hard_state = contents.hard_state});
}

struct FromTo {
  const Paths& from;
  const Paths& to;
};
base::Status WriteCopy(runtime::Disk& disk, const FromTo& paths, const EtcdBackup& request,
                       const Log& log) {
  const EtcdLog& contents = log.contents();
  if (request.database == nullptr) {
    EmptyDatabase empty(contents.hard_state.commit);
    RETURN_IF_ERROR(WriteDatabase(disk, paths.to, empty));
  } else {
    CopiedDatabase copied(request.database, &log);
    RETURN_IF_ERROR(WriteDatabase(disk, paths.to, copied));
  }
  RETURN_IF_ERROR(CopySnapshot(disk, paths.from, paths.to, contents.base));
  return WriteLog(disk, paths.to, request, contents);
}

}  // namespace

base::Result<LeftOut> BackUpEtcd(runtime::Disk& disk, const EtcdBackup& request) {
  NewDirectory directory(&disk, *request.target, NewDirectory::Making::kBeside);
  RETURN_IF_ERROR(directory.CheckPlace());
  const Paths from(*request.source);
  ASSIGN_OR_RETURN(EtcdLog read, ReadEtcdLog(disk, from));
  const Log log(&read, request.database != nullptr);
  RETURN_IF_ERROR(directory.Make([&](const Paths& to) {
    return WriteCopy(disk, {from, to}, request, log);
  }));
  return log.left_out();
}

}  // namespace server
