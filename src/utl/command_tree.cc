#include "utl/command_tree.h"

#include <utility>
#include <vector>

#include "cli/completion.h"
#include "cli/help.h"
#include "utl/defrag_command.h"
#include "utl/export_command.h"
#include "utl/founding_flags.h"
#include "utl/hashkv_command.h"
#include "utl/import_command.h"
#include "utl/k8s_commands.h"
#include "utl/migrate_command.h"
#include "utl/migrate_v2_command.h"
#include "utl/recover_command.h"
#include "utl/snapshot_commands.h"

// What etcdutl can do: names, flags and texts of etcdutl 3.7.

namespace utl {
namespace {

using cli::Command;
using cli::FlagSpec;
using Type = FlagSpec::Type;

std::vector<FlagSpec> GlobalFlags() {
  return {{"timeout", 0, Type::kDuration, "10s",
           "time to wait to obtain a file lock on db file, 0 to block indefinitely"},
          {"write-out",
           'w',
           Type::kString,
           "simple",
           "set the output format (fields, json, protobuf, simple, table)",
           /*required=*/false,
           {"fields", "json", "protobuf", "simple", "table"}}};
}

Command Restore() {
  std::vector<FlagSpec> flags = {
      {"data-dir", 0, Type::kString, "", "Path to the output data directory"},
      {"wal-dir", 0, Type::kString, "", "Path to the WAL directory (use --data-dir if none given)"},
      {"skip-hash-check", 0, Type::kBool, "false",
       "Ignore snapshot integrity hash value (required if copied from data directory)"},
      {"initial-memory-map-size", 0, Type::kUint, "10737418240",
       "Initial memory map size of the database in bytes. It uses the default value if not "
       "defined or defined to 0"}};
  for (FlagSpec& flag : FoundingFlags()) flags.push_back(std::move(flag));
  return {
      .name = "restore",
      .use = "restore <filename> --data-dir {output dir} [options]",
      .short_text = "Restores an etcd member snapshot to an etcd directory",
      .flags = std::move(flags),
      .run = RunSnapshotRestore,
  };
}

Command Snapshot() {
  return {
      .name = "snapshot",
      .use = "snapshot <subcommand>",
      .short_text = "Manages etcd node snapshots",
      .subcommands = {{.name = "status",
                       .use = "status <filename>",
                       .short_text = "Gets backend snapshot status of a given file",
                       .run = RunSnapshotStatus},
                      Restore()},
  };
}

Command Export() {
  return {
      .name = "export",
      .use = "export --data-dir {dir} --output-dir {dir} [options]",
      .short_text = "Makes of a member's directory one on which etcd 3.6 or 3.7 starts",
      .flags = {{"data-dir", 0, Type::kString, "",
                 "Path to the data directory of the member, which is not changed",
                 /*required=*/true},
                {"wal-dir", 0, Type::kString, "",
                 "Path to the WAL directory of the member (use --data-dir if none given)"},
                {"output-dir", 0, Type::kString, "", "Path to the data directory to be made",
                 /*required=*/true},
                {"output-wal-dir", 0, Type::kString, "",
                 "Path to the WAL directory to be made (use --output-dir if none given)"},
                {"leave-out-extensions", 0, Type::kBool, "false",
                 "Leave out what etcd does not know, such as admission rules"}},
      .run = RunExport,
      .argument_count = 0,
  };
}

Command Import() {
  return {
      .name = "import",
      .use = "import --data-dir {dir} [options]",
      .short_text = "Makes of the directory of an etcd 3.4 to 3.7 one of a member of this program",
      .flags = {{"data-dir", 0, Type::kString, "", "Path to the etcd data dir", /*required=*/true},
                {"wal-dir", 0, Type::kString, "",
                 "Path to the WAL directory (use --data-dir if none given)"},
                {"undo", 0, Type::kBool, "false",
                 "Put etcd's files back where they were, as long as the member has not gone on"}},
      .run = RunImport,
      .argument_count = 0,
  };
}

Command Migrate() {
  return {
      .name = "migrate",
      .use = "migrate",
      .short_text =
          "Migrates schema of etcd data dir files to make them compatible with different etcd "
          "version",
      .flags = {{"data-dir", 0, Type::kString, "", "Path to the etcd data dir", /*required=*/true},
                {"target-version", 0, Type::kString, "",
                 "Target etcd version to migrate contents of data dir. Minimal value 3.5. Format "
                 "\"X.Y\" for example 3.6.",
                 /*required=*/true},
                {"force", 0, Type::kBool, "false",
                 "Ignore migration failure and forcefully override storage version. Not "
                 "recommended."}},
      .run = RunMigrate,
  };
}

}  // namespace

const Command& RootCommand() {
  static const Command root = {
      .name = "etcdutl",
      .use = "etcdutl",
      .short_text = "An administrative command line tool for etcd3.",
      .persistent_flags = GlobalFlags(),
      .subcommands = {{.name = "defrag",
                       .use = "defrag",
                       .short_text = "Defragments the storage of the etcd",
                       .flags = {{"data-dir", 0, Type::kString, "",
                                  "Required. Defragments a data directory not in use by etcd.",
                                  /*required=*/true}},
                       .run = RunDefrag},
                      Snapshot(),
                      {.name = "hashkv",
                       .use = "hashkv <filename>",
                       .short_text = "Prints the KV history hash of a given file",
                       .flags = {{"rev", 0, Type::kInt64, "0",
                                  "maximum revision to hash (default: latest revision)"}},
                       .run = RunHashKv,
                       .argument_count = 1},
                      cli::CompletionCommand("etcdutl",
                                             [](const cli::Invocation& invocation) {
                                               return cli::ShowCompletion(RootCommand(),
                                                                          invocation);
                                             }),
                      Migrate(),
                      Export(),
                      Import(),
                      MigrateV2Command(),
                      RecoverCommand(),
                      K8sCommand(),
                      {.name = "version",
                       .use = "version",
                       .short_text = "Prints the version of etcdutl",
                       .run = [](const cli::Invocation& invocation) -> cli::Outcome {
                         cli::Print(invocation.out, "etcdutl version: 3.7.1\nAPI version: 3.7\n");
                         return {};
                       }},
                      {.name = "help",
                       .use = "help [command]",
                       .short_text = "Help about any command",
                       .run =
                           [](const cli::Invocation& invocation) {
                             return cli::ShowHelp(RootCommand(), invocation);
                           }}},
      .help_describes = false,
  };
  return root;
}

}  // namespace utl
