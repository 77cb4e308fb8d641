#include "utl/snapshot_commands.h"

#include <algorithm>
#include <string>
#include <vector>

#include "app/initial_cluster.h"
#include "app/server_options.h"
#include "base/go_text.h"
#include "cli/progress.h"
#include "config/url.h"
#include "offline/files.h"
#include "offline/image.h"
#include "server/snapshot_restore.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/schema/schema.h"
#include "utl/printer.h"
#include "utl/snapshot_status.h"

namespace utl {
namespace {

base::Result<server::Options> OptionsOf(const cli::Flags& flags) {
  server::Options options;
  options.name = flags.GetString("name");
  options.data_dir = offline::WithoutSlashes(flags.GetString("data-dir"));
  if (options.data_dir.empty()) options.data_dir = options.name + ".etcd";
  options.wal_dir = offline::WithoutSlashes(flags.GetString("wal-dir"));
  options.initial_cluster_token = flags.GetString("initial-cluster-token");
  ASSIGN_OR_RETURN(const std::vector<config::Url> advertised,
                   config::ParseUrls(flags.GetString("initial-advertise-peer-urls")));
  const std::string& text = flags.GetString("initial-cluster");
  ASSIGN_OR_RETURN(const app::InitialCluster initial, config::ParseInitialCluster(text));
  RETURN_IF_ERROR(app::CheckFounding(options.name, initial, advertised, app::ResolveHost));
  RETURN_IF_ERROR(app::SetInitialCluster(text, &options));
  return options;
}

}  // namespace

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
  return status.ok() ? Show(invocation, *status) : offline::Failure(status.status());
}

cli::Outcome RunSnapshotRestore(const cli::Invocation& invocation) {
  if (invocation.arguments.size() != 1) {
    return cli::Failed(cli::kExitBadArguments, "snapshot restore requires exactly one argument");
  }
  const cli::Flags& flags = invocation.flags;
  const server::SnapshotRestore restore{.snapshot = invocation.arguments.front(),
                                        .skip_digest = flags.GetBool("skip-hash-check"),
                                        .bump_revision = flags.GetUint("bump-revision")};
  if ((restore.bump_revision > 0) != flags.GetBool("mark-compacted")) {
    return cli::Failed(cli::kExitBadArguments, "--mark-compacted required if --revision-bump > 0");
  }
  const auto options = OptionsOf(flags);
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
