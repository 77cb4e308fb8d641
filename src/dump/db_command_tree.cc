#include "dump/db_command_tree.h"

#include "cli/completion.h"
#include "cli/help.h"
#include "dump/db_commands.h"

// What etcd-dump-db can do: names, flags and texts of that of etcd 3.7.

namespace dump {

namespace {

cli::Command Completion() {
  cli::Command command =
      cli::CompletionCommand("etcd-dump-db", [](const cli::Invocation& invocation) {
        return cli::ShowCompletion(DbCommand(), invocation);
      });
  command.short_text = "Generate the autocompletion script for the specified shell";
  return command;
}

}  // namespace

const cli::Command& DbCommand() {
  using Type = cli::FlagSpec::Type;
  static const cli::Command root = {
      .name = "etcd-dump-db",
      .use = "etcd-dump-db",
      .short_text = "etcd-dump-db inspects etcd db files.",
      .persistent_flags = {{"timeout", 0, Type::kDuration, "10s",
                            "time to wait to obtain a file lock on db file, 0 to block "
                            "indefinitely"}},
      .subcommands = {{.name = "list-bucket",
                       .use = "list-bucket [data dir or db file path]",
                       .short_text = "bucket lists all buckets.",
                       .run = RunListBucket},
                      {.name = "iterate-bucket",
                       .use = "iterate-bucket [data dir or db file path] [bucket name]",
                       .short_text = "iterate-bucket lists key-value pairs in reverse order.",
                       .long_text =
                           "iterate-bucket lists key-value pairs in reverse order.\n"
                           "Everything is shown, in bucket authUsers also the hashes of passwords "
                           "unless with --decode.",
                       .flags = {{"limit", 0, Type::kUint, "0",
                                  "max number of key-value pairs to iterate (0< to iterate all)"},
                                 {"decode", 0, Type::kBool, "false",
                                  "true to decode Protocol Buffer encoded data"}},
                       .run = RunIterateBucket},
                      {.name = "scan-keys",
                       .use = "scan-keys [data dir or db file path] [start revision]",
                       .short_text =
                           "scan-keys scans all the key-value pairs starting from a specific "
                           "revision in the key space.",
                       .run = RunScanKeys},
                      {.name = "hash",
                       .use = "hash [data dir or db file path]",
                       .short_text = "hash computes the hash of db file.",
                       .run = RunHash},
                      Completion(),
                      {.name = "help",
                       .use = "help [command]",
                       .short_text = "Help about any command",
                       .run =
                           [](const cli::Invocation& invocation) {
                             return cli::ShowHelp(DbCommand(), invocation);
                           }}},
      .takes_prefixes = false,
  };
  return root;
}

}  // namespace dump
