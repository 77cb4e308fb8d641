#include "server/etcd_export.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/go_text.h"
#include "proto/raft_internal.pb.h"
#include "raft/codec.h"
#include "server/data_directory.h"
#include "server/forgotten.h"
#include "server/log_metadata.h"
#include "server/new_directory.h"
#include "state/members/conf_state.h"
#include "state/members/membership.h"
#include "state/members/snapshot_json.h"
#include "storage/backend/write_buffer.h"
#include "storage/image/reader_source.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_writer.h"
#include "storage/snap/snapshot_directory.h"
#include "storage/wal/log.h"
#include "storage/wal/reader.h"

// Why the log is not copied, though its bytes are etcd's: it may begin anew behind damage, in a
// segment without a snapshot's file; and etcd looks at more of it than we do.

namespace server {
namespace {

using etcdserverpb::InternalRaftRequest;
using schema::Bucket;
using schema::Id;

base::Status DataLoss(std::string what) {
  return {base::Code::kDataLoss,
          std::move(what) + "; start the member once more, which mends it or says what to do"};
}

// An error of the system says itself what is to be done.
base::Status WithAdvice(const base::Status& status) {
  return IsDamageOrLoss(status) ? DataLoss(std::string(status.message())) : status;
}

// Of the records of bucket `cluster` those that are not etcd's.
bool IsOurs(base::ByteView key) {
  return key == schema::kExtensions || key.starts_with(schema::kAdmissionRule);
}

// A database without what etcd does not know.
class WithoutExtensions final : public snap::Source {
 public:
  explicit WithoutExtensions(snap::Source* source) : source_(*source) {}

  base::Status Rewind() override { return source_.Rewind(); }
  base::Result<std::optional<base::ByteView>> NextBucket() override {
    ASSIGN_OR_RETURN(const std::optional<base::ByteView> name, source_.NextBucket());
    is_cluster_ = name == schema::kBucketNames[Id(Bucket::kCluster)];
    // The last one.
    if (name == schema::kBucketNames[Id(Bucket::kV2)]) return std::optional<base::ByteView>();
    return name;
  }
  base::Result<std::optional<snap::Record>> NextRecord() override {
    while (true) {
      ASSIGN_OR_RETURN(const std::optional<snap::Record> record, source_.NextRecord());
      if (!is_cluster_ || !record.has_value() || !IsOurs(record->key)) return record;
    }
  }

 private:
  snap::Source& source_;
  bool is_cluster_ = false;
};

constexpr const char* kTree = "the tree of the v2 API";

std::string NameOfRule(base::ByteView rule) {
  return "admission rule " + std::string(rule);
}

// Whether an entry asks for something that etcd does not know. `*names` are those that there are
// once it is applied.
bool IsOfExtension(const raft::Entry& entry, std::set<std::string>* names) {
  if (entry.type != raft::EntryType::kNormal) return false;
  const base::ByteView data = entry.data.view();
  InternalRaftRequest request;
  if (!request.ParseFromArray(data.data(), static_cast<int>(data.size()))) return false;
  if (request.has_admission_rule_set()) {
    names->insert(NameOfRule(request.admission_rule_set().rule().name()));
    return true;
  }
  if (request.has_admission_rule_delete()) {
    names->erase(NameOfRule(request.admission_rule_delete().name()));
    return true;
  }
  if (request.has_v2()) names->insert(kTree);
  return request.has_v2() || request.has_extensions_set();
}

class Export {
 public:
  Export(runtime::Disk* disk, const observe::Logger* logger, const EtcdExport& request,
         backend::Reader* reader)
      : disk_(*disk),
        logger_(*logger),
        request_(request),
        reader_(*reader),
        place_(*request.member) {}

  base::Status Run() {
    NewDirectory directory(&disk_, *request_.target, NewDirectory::Making::kBeside);
    RETURN_IF_ERROR(directory.CheckPlace());
    RETURN_IF_ERROR(ReadDatabase());
    RETURN_IF_ERROR(ReadLog());
    RETURN_IF_ERROR(CheckExtensions());
    RETURN_IF_ERROR(directory.Make([this](const Paths& paths) { return Write(paths); }));
    logger_.Info("exported the member to etcd",
                 {{"data-dir", request_.target->data_dir},
                  {"local-member-id", members::HexText(metadata_.member.value())},
                  {"cluster-id", members::HexText(metadata_.cluster.value())},
                  {"consistent-index", covered_.index.value()},
                  {"log-entries", entries_.size()},
                  {"storage-version", storage_version_}});
    return {};
  }

 private:
  base::Status ReadDatabase() {
    ASSIGN_OR_RETURN(covered_, schema::ReadConsistentIndex(reader_));
    ASSIGN_OR_RETURN(auto conf_state, members::ReadConfState(reader_));
    if (conf_state.has_value()) conf_state_ = *std::move(conf_state);
    ASSIGN_OR_RETURN(const auto version, reader_.Get(Id(Bucket::kMeta), schema::kStorageVersion));
    if (version.has_value()) storage_version_ = std::string(*version);
    backend::WriteBuffer unused({}, [](base::Index, base::Term, backend::Batch*) {});
    ASSIGN_OR_RETURN(const auto membership, members::Membership::Load(reader_, &unused));
    membership_json_ = members::SnapshotJson(membership, covered_.index);
    has_extensions_ = !membership.extensions().empty();
    return {};
  }

  // The rules of OpenDataDirectory, which mends what may be mended.
  base::Status ReadLog() {
    const auto mark = wal::FindNewestMark(disk_, place_.wal);
    if (!mark.ok()) return WithAdvice(mark.status());
    if (mark->index > covered_.index) {
      return DataLoss(place_.database + ": ends at entry " + ToString(covered_.index) +
                      ", before the log begins (" + ToString(mark->index) + ")");
    }
    auto read = wal::Read(disk_, place_.wal, *mark, conf_state_.voters.size() == 1);
    if (!read.ok()) return WithAdvice(read.status());
    std::vector<raft::Entry>& entries = read->contents.entries;
    const uint64_t position = covered_.index - mark->index;
    if (position > entries.size()) {
      return DataLoss(place_.wal + ": does not have entry " + ToString(covered_.index) +
                      ", which the database has");
    }
    const base::Term term = position == 0 ? mark->term : entries[position - 1].term;
    if (covered_.term != base::Term() && covered_.term != term) {
      return DataLoss(place_.wal + ": entry " + ToString(covered_.index) + " is of term " +
                      ToString(term) + ", in the database of term " + ToString(covered_.term));
    }
    covered_.term = term;
    entries.erase(entries.begin(), entries.begin() + static_cast<ptrdiff_t>(position));
    entries_ = std::move(entries);
    state_ = read->contents.hard_state;
    state_.commit = std::max(state_.commit, covered_.index);
    ASSIGN_OR_RETURN(metadata_, ParseMetadata(read->contents.metadata));
    ASSIGN_OR_RETURN(const std::string loss, ForgottenBy(disk_, *request_.member, metadata_));
    return loss.empty() ? base::Status() : DataLoss(loss);
  }

  // Blanks the entries of extensions, once it is known that they may be left out. A cluster that
  // only had rules once has nothing to lose.
  base::Status CheckExtensions() {
    std::set<std::string> names;
    const auto rule = reader_.NewCursor(Id(Bucket::kCluster));
    RETURN_IF_ERROR(rule->Seek(schema::kAdmissionRule));
    for (; rule->valid() && rule->key().starts_with(schema::kAdmissionRule);) {
      names.insert(NameOfRule(rule->key().substr(schema::kAdmissionRule.size())));
      RETURN_IF_ERROR(rule->Next());
    }
    const auto tree = reader_.NewCursor(Id(Bucket::kV2));
    RETURN_IF_ERROR(tree->Seek({}));
    if (tree->valid()) names.insert(kTree);
    for (raft::Entry& entry : entries_) {
      if (!IsOfExtension(entry, &names)) continue;
      entry.data = {};
      has_extensions_ = true;
    }
    RETURN_IF_ERROR(CheckMayBeLeftOut(names));
    if (has_extensions_ && !IsAlone()) {
      logger_.Warn(
          "this cluster has had what etcd does not know: its members of this program let none of "
          "etcd in; end them all, export them all, and start etcd on all of these");
    }
    return {};
  }

  bool IsAlone() const { return conf_state_.voters.size() + conf_state_.learners.size() < 2; }

  base::Status CheckMayBeLeftOut(const std::set<std::string>& names) const {
    if (names.empty()) return {};
    const std::string text = base::Join({names.begin(), names.end()}, ", ");
    if (!request_.leave_out_extensions) {
      return {base::Code::kFailedPrecondition, "etcd does not know of " + text};
    }
    logger_.Warn("left out what etcd does not know", {{"names", text}});
    return {};
  }

  base::Status Write(const Paths& paths) const {
    RETURN_IF_ERROR(WriteDatabase(paths));
    RETURN_IF_ERROR(WriteSnapshotFile(paths));
    return WriteLog(paths);
  }

  base::Status WriteDatabase(const Paths& paths) const {
    const std::string path = runtime::JoinPath(paths.snap, "db");
    ASSIGN_OR_RETURN(const auto file, disk_.Open(path, runtime::OpenMode::kCreate));
    image::ReaderSource all(&reader_);
    WithoutExtensions source(&all);
    ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(source));
    uint64_t written = 0;
    const auto append = [&](base::ByteView chunk) {
      const uint64_t offset = std::exchange(written, written + chunk.size());
      request_.on_progress(written, layout.file_bytes());
      return file->WriteAt(offset, chunk);
    };
    RETURN_IF_ERROR(snap::WriteBbolt(source, layout, append));
    return file->Sync();
  }

  base::Status WriteSnapshotFile(const Paths& paths) const {
    if (covered_.index == base::Index()) return disk_.SyncDirectory(paths.snap);
    snap::Snapshot snapshot{
        .index = covered_.index, .term = covered_.term, .conf_state = {}, .data = membership_json_};
    raft::Encode(conf_state_, &snapshot.conf_state);
    RETURN_IF_ERROR(snap::SnapshotDirectory(&disk_, paths.snap).Save(snapshot));
    return disk_.SyncDirectory(paths.snap);
  }

  base::Status WriteLog(const Paths& paths) const {
    ASSIGN_OR_RETURN(const auto log,
                     wal::Log::Create(disk_, paths.wal, EncodeMetadata(metadata_),
                                      {.segment_bytes = request_.target->wal_segment_bytes}));
    wal::SnapshotMark mark{covered_.index, covered_.term, {}};
    raft::Encode(conf_state_, &mark.conf_state);
    const bool is_at_start = covered_.index == base::Index();  // where a log begins with a mark
    return log->Append(
        {.mark = is_at_start ? nullptr : &mark, .entries = entries_, .hard_state = state_});
  }

  runtime::Disk& disk_;
  const observe::Logger& logger_;
  const EtcdExport& request_;
  backend::Reader& reader_;
  const Paths place_;

  schema::ConsistentIndex covered_;  // the last entry that the database has
  raft::ConfState conf_state_;       // there
  std::string membership_json_;      // there
  std::string storage_version_;
  bool has_extensions_ = false;  // its cluster; in the log, too
  LogMetadata metadata_;
  std::vector<raft::Entry> entries_;  // behind it
  raft::HardState state_;
};

}  // namespace

base::Status ExportToEtcd(runtime::Disk& disk, const observe::Logger& logger,
                          const EtcdExport& request) {
  ASSIGN_OR_RETURN(const auto reader, request.database->NewReader());
  return Export(&disk, &logger, request, reader.get()).Run();
}

}  // namespace server
