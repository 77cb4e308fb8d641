#include "utl/import_command.h"

#include <string>

#include "cli/progress.h"
#include "observe/metrics.h"
#include "offline/files.h"
#include "runtime/asio/loop.h"
#include "server/etcd_import.h"
#include "server/takeover.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/schema/schema.h"

namespace utl {
namespace {

// What a member opens its directory with. None of it runs: its clock is asked, and the rest is for
// members that live.
class Opening {
 public:
  Opening(offline::Files* files, std::FILE* err) : progress_(err, "importing") {
    environment_.disk = &files->disk();
    environment_.apply_loop = &loop_;
    environment_.logger = &files->logger();
    environment_.registry = &registry_;
    environment_.on_import = [this](uint64_t done, uint64_t total) { progress_.Show(done, total); };
    environment_.open_backend = [files](const std::string& path, backend::OnDamage on_damage) {
      backend::LmdbOptions options;
      options.on_damage = std::move(on_damage);
      return backend::OpenLmdbBackend(&files->disk(), path, schema::kBucketNames, options);
    };
  }
  const server::Environment& environment() const { return environment_; }

 private:
  cli::Progress progress_;
  runtime::asio::Loop loop_;
  observe::Registry registry_;
  server::Environment environment_ = {};
};

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
  const Opening opening(&files, invocation.err);
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
