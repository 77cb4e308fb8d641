#include "utl/import_command.h"

#include <string>

#include "offline/files.h"
#include "server/etcd_import.h"
#include "server/takeover.h"
#include "utl/opening.h"

namespace utl {
namespace {

base::Status NothingToImport(runtime::Disk& disk, const server::Paths& paths) {
  std::string why = paths.snap + ": there is no database of etcd to import";
  const std::string old = server::TakeoverPaths(paths).old_snap;
  ASSIGN_OR_RETURN(const bool was_imported, disk.Exists(old));
  ASSIGN_OR_RETURN(const bool is_ours, disk.Exists(paths.database));
  if (was_imported) {
    why = paths.member + ": was imported already, and etcd's files are in " + old +
          "; start the member, or put them back by --undo, if it has not gone on since";
  } else if (is_ours) {
    why = paths.member + ": is no directory of etcd, but of this program already (" +
          paths.database + " is its database); start the member";
  }
  return {base::Code::kFailedPrecondition, why};
}

base::Status Import(offline::Files& files, const server::Options& options,
                    const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  const server::Paths paths(options);
  RETURN_IF_ERROR(offline::CheckExists(files.disk(), paths.snap));
  ASSIGN_OR_RETURN(const auto lock, offline::LockMember(files, paths.member, flags));
  if (flags.GetBool("undo")) return server::UndoImport(files.disk(), paths);
  ASSIGN_OR_RETURN(const server::Takeover takeover, server::FindTakeover(files.disk(), paths));
  if (takeover == server::Takeover::kNone) return NothingToImport(files.disk(), paths);
  const Opening opening(&files, invocation.err, "importing", Opening::Durability::kEachCommit);
  ASSIGN_OR_RETURN(const server::Recovered recovered,
                   server::OpenDataDirectory(options, opening.environment()));
  if (recovered.etcd_database == nullptr) return {};
  return server::MoveEtcdFiles(opening.environment(), paths, recovered.log.get());
}

}  // namespace

cli::Outcome RunImport(const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  server::Options options;
  options.data_dir = offline::WithoutSlashes(flags.GetString("data-dir"));
  options.wal_dir = offline::WithoutSlashes(flags.GetString("wal-dir"));
  offline::Files files;
  return offline::Failure(Import(files, options, invocation));
}

}  // namespace utl
