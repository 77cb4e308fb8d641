#include "utl/import_command.h"

#include <string>

#include "offline/files.h"
#include "server/etcd_import.h"
#include "server/takeover.h"
#include "utl/opening.h"

namespace utl {
namespace {

base::Status Import(offline::Files& files, const server::Options& options,
                    const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  const server::Paths paths(options);
  RETURN_IF_ERROR(offline::CheckExists(files.disk(), paths.snap));
  ASSIGN_OR_RETURN(const auto lock, offline::LockMember(files, paths.member, flags));
  if (flags.GetBool("undo")) return server::UndoImport(files.disk(), paths);
  ASSIGN_OR_RETURN(const server::Takeover takeover, server::FindTakeover(files.disk(), paths));
  if (takeover == server::Takeover::kNone) {
    return {base::Code::kFailedPrecondition,
            paths.snap + ": there is no database of etcd to import"};
  }
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
