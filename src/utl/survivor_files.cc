#include "utl/survivor_files.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "raft/types.h"
#include "server/data_directory.h"
#include "server/forgotten.h"
#include "server/takeover.h"
#include "state/members/membership.h"
#include "storage/backend/memory_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/image/database_import.h"
#include "storage/image/reader_source.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"
#include "storage/snap/bbolt_reader.h"
#include "utl/kv_hash.h"
#include "utl/snapshot_status.h"

namespace utl {
namespace {

base::Status Refused(std::string what) {
  return {base::Code::kFailedPrecondition, std::move(what)};
}

// A lock does not tell who has it: this command is not to wait for itself.
base::Status CheckDistinct(const std::vector<std::string>& data_dirs) {
  std::set<std::string> seen;
  for (const std::string& data_dir : data_dirs) {
    std::error_code error;
    const auto path = std::filesystem::canonical(data_dir, error);
    if (!error && !seen.insert(path.string()).second) return Refused(data_dir + " is named twice");
  }
  return {};
}

std::vector<Survivor::Range> RangesOf(const std::vector<raft::Entry>& entries) {
  std::vector<Survivor::Range> ranges;
  for (const raft::Entry& entry : entries) {
    if (ranges.empty() || ranges.back().term != entry.term) ranges.push_back({entry.term, {}});
    ranges.back().last = entry.index;
  }
  return ranges;
}

}  // namespace

base::Result<std::unique_ptr<SurvivorFiles>> SurvivorFiles::Open(offline::Files& files,
                                                                 const std::string& data_dir,
                                                                 const std::string& wal_dir,
                                                                 const cli::Flags& flags) {
  std::unique_ptr<SurvivorFiles> opened(new SurvivorFiles(&files));
  opened->options_.data_dir = offline::WithoutSlashes(data_dir);
  opened->options_.wal_dir = offline::WithoutSlashes(wal_dir);
  opened->survivor_.data_dir = data_dir;
  RETURN_IF_ERROR(opened->Lock(flags));
  RETURN_IF_ERROR(opened->OpenDatabase(flags));
  if (opened->survivor_.database_damage.empty()) {
    RETURN_IF_ERROR(opened->Survive(opened->ReadDatabase()));
  }
  RETURN_IF_ERROR(opened->ReadLog());
  return opened;
}

base::Status SurvivorFiles::Lock(const cli::Flags& flags) {
  runtime::Disk& disk = files_.disk();
  const server::Paths paths(options_);
  RETURN_IF_ERROR(offline::CheckExists(disk, paths.member));
  const std::string path = runtime::JoinPath(paths.member, "lock");
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (!exists) return {};  // etcd does without
  ASSIGN_OR_RETURN(lock_, offline::OpenLocked(files_, flags, path, runtime::OpenMode::kRead,
                                              "a member runs on " + paths.member));
  return {};
}

base::Status SurvivorFiles::OpenDatabase(const cli::Flags& flags) {
  runtime::Disk& disk = files_.disk();
  const server::Paths paths(options_);
  ASSIGN_OR_RETURN(const server::Takeover takeover, server::FindTakeover(disk, paths));
  if (takeover == server::Takeover::kFinish) {
    return Refused(paths.member +
                   ": its import from etcd's files was cut short; finish it by etcdutl import");
  }
  if (takeover == server::Takeover::kImport) {
    return OpenEtcdDatabase(server::TakeoverPaths(paths).database, flags);
  }
  ASSIGN_OR_RETURN(const std::string path, server::SurvivorDatabasePath(disk, options_));
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  ASSIGN_OR_RETURN(const bool has_log, server::IsFounded(disk, options_));
  if (!exists && !has_log) return Refused(paths.member + ": there are no files of a member");
  if (!exists) {
    survivor_.database_damage = path + ": there is no database";
    return {};
  }
  auto database = offline::OpenDatabaseToRead(files_, path);
  if (database.ok()) database_ = *std::move(database);
  return Survive(database.status());
}

base::Status SurvivorFiles::OpenEtcdDatabase(const std::string& path, const cli::Flags& flags) {
  survivor_.is_of_etcd = true;
  ASSIGN_OR_RETURN(etcd_file_, offline::OpenLocked(files_, flags, path, runtime::OpenMode::kRead,
                                                   "etcd runs on " + path));
  ASSIGN_OR_RETURN(const uint64_t file_bytes, etcd_file_->Size());
  const auto read = [&]() -> base::Status {
    ASSIGN_OR_RETURN(const auto reader,
                     snap::BboltReader::Open(etcd_file_.get(), path, file_bytes));
    survivor_.bytes = reader->meta().high_water * reader->meta().page_size;
    auto database =
        backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
    RETURN_IF_ERROR(image::ImportDatabase(*reader, *database));
    database_ = std::move(database);
    return {};
  }();
  return Survive(read);
}

base::Status SurvivorFiles::Survive(const base::Status& read) {
  if (read.code() == base::Code::kPermissionDenied) return read;
  if (!read.ok()) survivor_.database_damage = std::string(read.message());
  return {};
}

base::Status SurvivorFiles::ReadDatabase() {
  if (!survivor_.is_of_etcd) survivor_.bytes = database_->sizes().allocated;
  ASSIGN_OR_RETURN(const auto reader, database_->NewReader());
  ASSIGN_OR_RETURN(const schema::ConsistentIndex covered, schema::ReadConsistentIndex(*reader));
  survivor_.consistent_index = covered.index;
  covered_term_ = covered.term;
  RETURN_IF_ERROR(ReadMembers(*reader));
  image::ReaderSource source(reader.get());
  ASSIGN_OR_RETURN(const SnapshotStatus counted, CountRecords(source));
  survivor_.keys = counted.total_keys;
  survivor_.revision = std::max<int64_t>(counted.revision, 1);
  return {};
}

base::Status SurvivorFiles::ReadMembers(backend::Reader& reader) {
  backend::WriteBuffer unused({}, [](base::Index, base::Term, backend::Batch*) {});
  ASSIGN_OR_RETURN(const auto membership, members::Membership::Load(reader, &unused));
  for (const auto& [id, member] : membership.members()) survivor_.members.push_back(member);
  ASSIGN_OR_RETURN(const auto conf_state, members::ReadConfState(reader));
  if (!conf_state.has_value()) return {};
  survivor_.is_joint = !conf_state->voters_outgoing.empty();
  votes_alone_ = conf_state->voters.size() == 1 && !survivor_.is_joint;
  return {};
}

base::Status SurvivorFiles::ReadLog() {
  if (survivor_.is_of_etcd) {
    ASSIGN_OR_RETURN(log_, server::ReadSurvivorLogOfEtcd(files_.disk(), options_));
    log_.state.commit = std::max(log_.state.commit, survivor_.consistent_index);
    const server::Paths paths(options_);
    const base::Index covered = survivor_.consistent_index;
    if (log_.damage.empty() && log_.last().index < covered) {
      log_.damage =
          paths.wal + ": does not have entry " + ToString(covered) + ", which the database has";
    } else if (log_.damage.empty() && log_.base.index > covered) {
      log_.damage = server::DatabaseBehindLog(server::TakeoverPaths(paths).database, covered,
                                              log_.base.index);
    }
  } else {
    ASSIGN_OR_RETURN(
        log_, server::ReadSurvivorLog(files_.disk(), options_,
                                      {survivor_.consistent_index, covered_term_}, votes_alone_));
  }
  survivor_.member = log_.identity.member;
  survivor_.cluster = log_.identity.cluster;
  ASSIGN_OR_RETURN(survivor_.forgotten,
                   server::ForgottenBy(files_.disk(), options_, log_.identity));
  survivor_.term = log_.state.term;
  survivor_.vote = log_.state.vote;
  survivor_.commit = log_.state.commit;
  survivor_.base = log_.base;
  survivor_.ranges = RangesOf(log_.entries);
  survivor_.log_damage = log_.damage;
  survivor_.mended_damage = log_.mended_damage;
  survivor_.changes_members =
      std::any_of(log_.entries.begin(), log_.entries.end(), [this](const raft::Entry& entry) {
        return entry.type != raft::EntryType::kNormal && entry.index > survivor_.consistent_index;
      });
  return {};
}

void SurvivorFiles::Hash(base::Revision at) {
  if (database_ != nullptr && survivor_.database_damage.empty()) {
    survivor_.hash = HashOf(files_, database_.get(), at);
  }
}

base::Result<std::vector<std::unique_ptr<SurvivorFiles>>> OpenSurvivors(
    offline::Files& files, const std::vector<std::string>& data_dirs,
    const std::vector<std::string>& wal_dirs, const cli::Flags& flags) {
  std::vector<std::unique_ptr<SurvivorFiles>> all;
  std::optional<int64_t> common;
  RETURN_IF_ERROR(CheckDistinct(data_dirs));
  for (size_t i = 0; i < data_dirs.size(); ++i) {
    const std::string wal_dir = wal_dirs.empty() ? "" : wal_dirs[i];
    ASSIGN_OR_RETURN(auto opened, SurvivorFiles::Open(files, data_dirs[i], wal_dir, flags));
    const Survivor& survivor = opened->survivor();
    for (const auto& other : all) {
      const Survivor& before = other->survivor();
      if (before.cluster != survivor.cluster && before.cluster != base::ClusterId() &&
          survivor.cluster != base::ClusterId()) {
        return Refused(survivor.data_dir + " is of cluster " +
                       members::HexText(survivor.cluster.value()) + ", but " + before.data_dir +
                       " is of cluster " + members::HexText(before.cluster.value()));
      }
      if (before.member == survivor.member && survivor.member != base::MemberId()) {
        return Refused(survivor.data_dir + " and " + before.data_dir + " are of the same member, " +
                       members::HexText(survivor.member.value()));
      }
    }
    if (survivor.database_damage.empty()) {
      common = std::min(common.value_or(survivor.revision), survivor.revision);
    }
    all.push_back(std::move(opened));
  }
  for (const auto& opened : all) opened->Hash(base::Revision(common.value_or(0)));
  return all;
}

}  // namespace utl
