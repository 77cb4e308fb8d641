#include "ctl_v2/backup_command.h"

#include <memory>
#include <string>

#include "ctl_v2/connection.h"
#include "offline/files.h"
#include "offline/image.h"
#include "runtime/posix/clock.h"
#include "runtime/random.h"
#include "server/data_directory.h"
#include "server/etcd_backup.h"

namespace ctl_v2 {
namespace {

using Type = cli::FlagSpec::Type;

server::Options OptionsOf(const cli::Flags& flags, const char* data_dir, const char* wal_dir) {
  server::Options options;
  options.data_dir = offline::WithoutSlashes(flags.GetString(data_dir));
  options.wal_dir = offline::WithoutSlashes(flags.GetString(wal_dir));
  return options;
}

server::LogMetadata NewName() {
  runtime::Random random(runtime::posix::EntropySeed());
  return {base::MemberId(random.Next()), base::ClusterId(random.Next())};
}

base::Status CheckSource(runtime::Disk& disk, const server::Paths& source) {
  RETURN_IF_ERROR(offline::CheckExists(disk, source.snap));
  ASSIGN_OR_RETURN(const bool is_ours, disk.Exists(source.database));
  if (!is_ours) return {};
  return {
      base::Code::kFailedPrecondition,
      source.member + ": is no directory of etcd: use etcdctl snapshot save, or etcdutl export"};
}

base::Result<server::LeftOut> BackUp(const Call& call) {
  const cli::Flags& flags = call.own.flags;
  for (const char* const name : {"data-dir", "backup-dir"}) {
    if (!flags.GetString(name).empty()) continue;
    return base::Status(base::Code::kInvalidArgument, "--" + std::string(name) + " is not set");
  }
  offline::Files files;
  const server::Options source = OptionsOf(flags, "data-dir", "wal-dir");
  const server::Options target = OptionsOf(flags, "backup-dir", "backup-wal-dir");
  const server::Paths paths(source);
  RETURN_IF_ERROR(CheckSource(files.disk(), paths));
  std::unique_ptr<offline::Image> database;
  if (flags.GetBool("with-v3")) {
    ASSIGN_OR_RETURN(
        database, offline::Image::Open(files, runtime::JoinPath(paths.snap, "db"), call.globals));
  }
  return server::BackUpEtcd(files.disk(),
                            {.source = &source,
                             .target = &target,
                             .name = NewName(),
                             .database = database == nullptr ? nullptr : &database->reader()});
}

void TellLeftOut(const Call& call, size_t count, const std::string& what) {
  if (count == 0) return;
  cli::Print(call.own.err, "ignored " + what + ": " + std::to_string(count) + "\n");
}

int RunBackup(const Call& call) {
  const auto left_out = BackUp(call);
  if (!left_out.ok()) return FailPlainly(call, std::string(left_out.status().message()));
  TellLeftOut(call, left_out->changes_of_members, "EntryConfChange raft entries");
  TellLeftOut(call, left_out->names_of_members, "member attribute updates");
  TellLeftOut(call, left_out->entries_of_v3, "v3 raft entries");
  return kExitSuccess;
}

}  // namespace

Command BackupCommand() {
  return {
      "backup",
      "copy a data directory of etcd 2.3 to 3.5, for a new cluster",
      "",
      "A member started on the copy with --force-new-cluster has the keys, and no other member.",
      {{{"data-dir", 0, Type::kString, "", "the data directory of etcd"}},
       {{"wal-dir", 0, Type::kString, "", "its log, if that is elsewhere"}},
       {{"backup-dir", 0, Type::kString, "", "the data directory to be made"}},
       {{"backup-wal-dir", 0, Type::kString, "", "its log, if that is to be elsewhere"}},
       {{"with-v3", 0, Type::kBool, "false", "the keys of v3, too"}}},
      {},
      RunBackup};
}

}  // namespace ctl_v2
