#include "utl/migrate_v2_command.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ctl/program.h"
#include "ctl/v2_keys.h"
#include "offline/files.h"
#include "offline/image.h"
#include "server/data_directory.h"
#include "storage/wal/segment.h"
#include "utl/v2_snapshot.h"
#include "utl/v2_tree.h"

namespace utl {
namespace {

using Type = cli::FlagSpec::Type;

// Keeps an etcd away while it is there.
struct Locks {
  std::unique_ptr<offline::Image> database;
  std::unique_ptr<runtime::File> segment;
};

// By its database, or, as one before 3.0 has none, by the end of its log.
base::Result<Locks> Lock(offline::Files& files, const server::Paths& paths,
                         const cli::Flags& flags) {
  Locks locks;
  const std::string database = runtime::JoinPath(paths.snap, "db");
  ASSIGN_OR_RETURN(const bool exists, files.disk().Exists(database));
  if (exists) {
    ASSIGN_OR_RETURN(locks.database, offline::Image::Open(files, database, flags));
    return locks;
  }
  ASSIGN_OR_RETURN(const auto segments, wal::ListSegments(files.disk(), paths.wal));
  if (segments.empty()) return locks;
  const std::string last = runtime::JoinPath(paths.wal, segments.back().ToString());
  ASSIGN_OR_RETURN(locks.segment, offline::OpenLocked(files, flags, last, runtime::OpenMode::kRead,
                                                      "etcd runs on " + last));
  return locks;
}

base::Result<std::unique_ptr<V2Tree>> OpenTree(offline::Files& files, const cli::Flags& flags) {
  const std::string& snapshot = flags.GetString("snapshot");
  if (!snapshot.empty()) return V2Tree::OfSnapshot(files.disk(), snapshot);
  server::Options options;
  options.data_dir = offline::WithoutSlashes(flags.GetString("data-dir"));
  options.wal_dir = offline::WithoutSlashes(flags.GetString("wal-dir"));
  const server::Paths paths(options);
  RETURN_IF_ERROR(offline::CheckExists(files.disk(), paths.snap));
  ASSIGN_OR_RETURN(const bool is_ours, files.disk().Exists(paths.database));
  if (is_ours) {
    return base::Status(base::Code::kFailedPrecondition,
                        paths.member +
                            ": is no directory of etcd: start the member on it with "
                            "--enable-v2, and run etcdctl migrate");
  }
  ASSIGN_OR_RETURN(const Locks locks, Lock(files, paths, flags));
  return V2Tree::OfDirectory(files.disk(), options);
}

base::Result<std::vector<ctl::V2Key>> Transform(const cli::Invocation& invocation,
                                                const std::vector<client_v2::Node>& nodes) {
  const std::string& program = invocation.flags.GetString("transformer");
  if (program.empty()) {
    cli::Print(invocation.out, "using default transformer\n");
    return ctl::KeysOf(nodes);
  }
  std::string output;
  const ctl::ProgramEnding ending =
      ctl::RunFilter({program}, ctl::TransformerInput(nodes), &output);
  if (!ending.failure.empty()) {
    return base::Status(base::Code::kFailedPrecondition, program + ": " + ending.failure);
  }
  return ctl::ParseTransformerOutput(output, nodes);
}

base::Status MigrateV2(offline::Files& files, const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  ASSIGN_OR_RETURN(const auto tree, OpenTree(files, flags));
  const int64_t now = files.clock().WallNow().unix_nanos;
  const auto nodes = ctl::Flatten(tree->Keys(now), flags.GetBool("no-ttl"));
  if (nodes.empty()) {
    cli::Print(invocation.out, "no v2 keys to migrate\n");
    return {};
  }
  ASSIGN_OR_RETURN(const std::vector<ctl::V2Key> keys, Transform(invocation, nodes));
  cli::Print(invocation.out, "finished transforming keys\n");
  const std::string& output = flags.GetString("output");
  ASSIGN_OR_RETURN(const size_t leases, WriteSnapshotOf(files.disk(), output, keys));
  cli::Print(invocation.out, output + ": " + std::to_string(keys.size()) + " keys with " +
                                 std::to_string(leases) + " leases\n");
  return {};
}

cli::Outcome RunMigrateV2(const cli::Invocation& invocation) {
  const cli::Flags& flags = invocation.flags;
  if (flags.GetString("data-dir").empty() == flags.GetString("snapshot").empty()) {
    return cli::Failed(cli::kExitBadArguments, "either --data-dir or --snapshot must be given");
  }
  offline::Files files;
  return offline::Failure(MigrateV2(files, invocation));
}

}  // namespace

cli::Command MigrateV2Command() {
  return {
      .name = "migrate-v2",
      .use = "migrate-v2 --output {file} [options]",
      .short_text = "Makes a snapshot of v3 of the keys of API v2 that etcd 2.3 to 3.5 has left",
      .long_text =
          "What is read is not changed. `etcdutl snapshot restore` makes a new cluster of "
          "the snapshot.\nKeys of v3 that the directory has are not in it.",
      .flags = {{"data-dir", 0, Type::kString, "", "Path to a data directory of etcd"},
                {"wal-dir", 0, Type::kString, "",
                 "Path to its WAL directory (use --data-dir if none given)"},
                {"snapshot", 0, Type::kString, "",
                 "Path to a .snap file, in place of a data directory"},
                {"output", 0, Type::kString, "", "Path to the snapshot to be made",
                 /*required=*/true},
                {"no-ttl", 0, Type::kBool, "false", "Leave out what runs out"},
                {"transformer", 0, Type::kString, "",
                 "Program that makes keys of nodes, as for etcdctl migrate"}},
      .run = RunMigrateV2,
      .argument_count = 0,
      .yields_prefixes = true,
  };
}

}  // namespace utl
