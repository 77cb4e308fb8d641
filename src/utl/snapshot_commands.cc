#include "utl/snapshot_commands.h"

#include <string>

#include "cli/progress.h"
#include "offline/files.h"
#include "offline/image.h"
#include "server/snapshot_restore.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/schema/schema.h"
#include "utl/founding_flags.h"
#include "utl/printer.h"
#include "utl/snapshot_status.h"

namespace utl {

cli::Outcome RunSnapshotStatus(const cli::Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return cli::Failed(cli::kExitBadArguments, "snapshot status requires exactly one argument");
  }
  offline::Files files;
  const std::string& path = invocation.arguments.front();
  if (const base::Status status = offline::CheckExists(files.disk(), path); !status.ok()) {
    return offline::Failure(status);
  }
  if (cli::Outcome outcome = CheckFormat(invocation); !outcome.ok()) return outcome;
  const auto image = offline::Image::Open(files, path, invocation.flags);
  if (!image.ok()) return offline::Failure(image.status());
  const auto status = ReadSnapshotStatus((*image)->reader());
  if (!status.ok()) return offline::Failure(status.status());
  cli::Outcome outcome = Show(invocation, *status);
  // Compat: etcd's does not look at it.
  if (const base::Status digest = (*image)->CheckDigest(); !digest.ok()) {
    cli::Print(invocation.err, "Warning: " + std::string(digest.message()) +
                                   "; `etcdutl snapshot restore` refuses it, but with "
                                   "--skip-hash-check\n");
  }
  return outcome;
}

cli::Outcome RunSnapshotRestore(const cli::Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return cli::Failed(cli::kExitBadArguments, "snapshot restore requires exactly one argument");
  }
  const cli::Flags& flags = invocation.flags;
  const server::SnapshotRestore restore{.snapshot = invocation.arguments.front(),
                                        .skip_digest = flags.GetBool("skip-hash-check"),
                                        .bump_revision = flags.GetUint("bump-revision")};
  if (const base::Status bump = CheckBump(flags); !bump.ok()) {
    return cli::Failed(cli::kExitBadArguments, std::string(bump.message()));
  }
  std::string data_dir = flags.GetString("data-dir");
  if (data_dir.empty()) data_dir = flags.GetString("name") + ".etcd";
  const auto options = FoundingOptions(flags, data_dir, flags.GetString("wal-dir"));
  if (!options.ok()) return offline::Failure(options.status());
  offline::Files files;
  server::RestoreEnvironment environment;
  environment.disk = &files.disk();
  environment.new_database = [&files](const std::string& path) {
    backend::LmdbOptions lmdb;
    lmdb.sync = false;
    return backend::OpenLmdbBackend(&files.disk(), path, schema::kBucketNames, lmdb);
  };
  environment.logger = &files.logger();
  cli::Progress progress(invocation.err, "restoring");
  environment.on_progress = [&progress](uint64_t done, uint64_t total) {
    progress.Show(done, total);
  };
  return offline::Failure(server::RestoreSnapshot(*options, environment, restore));
}

}  // namespace utl
