#include <utility>

#include "cli/completion.h"
#include "ctl/auth_commands.h"
#include "ctl/check_commands.h"
#include "ctl/cluster_commands.h"
#include "ctl/command.h"
#include "ctl/command_texts.h"
#include "ctl/concurrency_commands.h"
#include "ctl/downgrade_commands.h"
#include "ctl/flag_specs.h"
#include "ctl/kv_commands.h"
#include "ctl/lease_commands.h"
#include "ctl/make_mirror_command.h"
#include "ctl/member_commands.h"
#include "ctl/migrate_command.h"
#include "ctl/own_commands.h"
#include "ctl/role_commands.h"
#include "ctl/user_commands.h"
#include "ctl/utility_commands.h"
#include "ctl/watch_commands.h"

// What etcdctl can do: names, flags and texts of etcdctl 3.7, in its order, and what it has not.

namespace ctl {
namespace {

std::vector<FlagSpec> GlobalFlags() {
  return {
      {"endpoints", 0, FlagSpec::Type::kStrings, "127.0.0.1:2379", "gRPC endpoints"},
      Switch("debug", "enable client-side debug logging"),
      OneOf({"fields", "json", "protobuf", "simple", "table"},
            Short('w',
                  Text("write-out", "set the output format (fields, json, protobuf, simple, table)",
                       "simple"))),
      OneOf({"auto", "always", "never"},
            Text("color",
                 "whether there are colors: where a terminal looks on (auto), always, or never "
                 "(not etcd's)",
                 "auto")),
      Text("context",
           "name of the context that says how to reach the cluster; see `etcdctl context` (not "
           "etcd's)"),
      Switch("hex", "print byte strings as hex encoded strings"),
      Time("dial-timeout", "dial timeout for client connections", "2s"),
      Time("command-timeout", "timeout for short running command (excluding dial timeout)", "5s"),
      Time("keepalive-time", "keepalive time for client connections", "2s"),
      Time("keepalive-timeout", "keepalive timeout for client connections", "6s"),
      Number("max-request-bytes",
             "client-side request send limit in bytes (if 0, it defaults to 2.0 MiB (2 * 1024 * "
             "1024).)"),
      Number("max-recv-bytes",
             "client-side response receive limit in bytes (if 0, it defaults to "
             "\"math.MaxInt32\")"),
      Switch("insecure-transport", "disable transport security for client connections", true),
      Switch("insecure-discovery", "accept insecure SRV records describing cluster endpoints",
             true),
      Switch("insecure-skip-tls-verify",
             "skip server certificate verification (CAUTION: this option should be enabled only "
             "for testing purposes)"),
      Text("cert", "identify secure client using this TLS certificate file"),
      Text("key", "identify secure client using this TLS key file"),
      Text("cacert", "verify certificates of TLS-enabled secure servers using this CA bundle"),
      Text("auth-jwt-token",
           "JWT token used for authentication (if this option is used, --user and --password "
           "should not be set)"),
      Text("user", "username[:password] for authentication (prompt if password is not supplied)"),
      Text("password",
           "password for authentication (if this option is used, --user option shouldn't include "
           "password)"),
      Short('d', Text("discovery-srv",
                      "domain name to query for SRV records describing cluster endpoints")),
      Text("discovery-srv-name", "service name to query when using DNS discovery"),
  };
}

FlagSpec Consistency() {
  return OneOf({"l", "s"}, Text("consistency", "Linearizable(l) or Serializable(s)", "l"));
}

Command Get() {
  return {
      .name = "get",
      .use = "get [options] <key> [range_end]",
      .short_text = "Gets the key or a range of keys",
      .group = kKv,
      .flags = {Consistency(),
                OneOf({"ASCEND", "DESCEND"},
                      Text("order", "Order of results; ASCEND or DESCEND (ASCEND by default)")),
                OneOf({"CREATE", "KEY", "MODIFY", "VALUE", "VERSION"},
                      Text("sort-by", "Sort target; CREATE, KEY, MODIFY, VALUE, or VERSION")),
                Number("limit", "Maximum number of results"),
                Switch("prefix", "Get keys with matching prefix"),
                Switch("from-key",
                       "Get keys that are greater than or equal to the given key using byte "
                       "compare"),
                Number("rev", "Specify the kv revision"), Switch("keys-only", "Get only the keys"),
                Switch("count-only", "Get only the count"),
                Switch("print-value-only",
                       "Only write values when using the \"simple\" output format"),
                Number("min-create-rev", "Minimum create revision"),
                Number("max-create-rev", "Maximum create revision"),
                Number("min-mod-rev", "Minimum modification revision"),
                Number("max-mod-rev", "Maximum modification revision"),
                Switch("stream", "Use the RangeStream RPC")},
      .run = RunGet,
  };
}

Command Put() {
  return {
      .name = "put",
      .use = "put [options] <key> <value> (<value> can also be given from stdin)",
      .short_text = "Puts the given key into the store",
      .long_text = kPutLong,
      .group = kKv,
      .flags = {Text("lease", "lease ID (in hexadecimal) to attach to the key", "0"),
                Switch("prev-kv", "return the previous key-value pair before modification"),
                Switch("ignore-value", "updates the key using its current value"),
                Switch("ignore-lease", "updates the key using its current lease")},
      .run = RunPut,
  };
}

Command Delete() {
  return {
      .name = "del",
      .use = "del [options] <key> [range_end]",
      .short_text = "Removes the specified key or range of keys [key, range_end)",
      .group = kKv,
      .flags = {Switch("prefix", "delete keys with matching prefix"),
                Switch("prev-kv", "return deleted key-value pairs"),
                Switch("from-key",
                       "delete keys that are greater than or equal to the given key using byte "
                       "compare"),
                Switch("range", "delete range of keys")},
      .run = RunDelete,
  };
}

Command Txn() {
  return {
      .name = "txn",
      .use = "txn [options]",
      .short_text = "Txn processes all the requests in one transaction",
      .long_text = kTxnLong,
      .group = kKv,
      .flags = {Short('i', Switch("interactive", "Input transaction in interactive mode"))},
      .run = RunTxn,
  };
}

Command Compaction() {
  return {
      .name = "compaction",
      .alias = "compact",
      .use = "compaction [options] <revision>",
      .short_text = "Compacts the event history in etcd",
      .group = kKv,
      .flags = {Switch("physical",
                       "'true' to wait for compaction to physically remove all old revisions")},
      .run = RunCompaction,
  };
}

Command Alarm() {
  return {
      .name = "alarm",
      .use = "alarm <subcommand>",
      .short_text = "Alarm related commands. Use `etcdctl alarm --help` to see subcommands",
      .long_text = "Alarm related commands",
      .group = kMaintenance,
      .subcommands =
          {{.name = "disarm",
            .use = "disarm",
            .short_text = "Disarms all alarms",
            .run = RunAlarmDisarm},
           {.name = "list", .use = "list", .short_text = "Lists all alarms", .run = RunAlarmList}},
  };
}

Command Watch() {
  return {
      .name = "watch",
      .use = "watch [options] [key or prefix] [range_end] [--] [exec-command arg1 arg2 ...]",
      .short_text = "Watches events stream on keys or prefixes",
      .group = kKv,
      .flags = WatchFlags(),
      .run = RunWatch,
  };
}

Command Defrag() {
  return {
      .name = "defrag",
      .use = "defrag",
      .short_text = "Defragments the storage of the etcd members with given endpoints",
      .group = kMaintenance,
      .persistent_flags = {Switch("cluster", kClusterUsage)},
      .run = RunDefrag,
  };
}

Command Endpoint() {
  return {
      .name = "endpoint",
      .use = "endpoint <subcommand>",
      .short_text = "Endpoint related commands. Use `etcdctl endpoint --help` to see subcommands",
      .long_text = "Endpoint related commands",
      .group = kMaintenance,
      .persistent_flags = {Switch("cluster", kClusterUsage)},
      .subcommands = {{.name = "health",
                       .use = "health",
                       .short_text =
                           "Checks the healthiness of endpoints specified in `--endpoints` flag",
                       .run = RunEndpointHealth},
                      {.name = "status",
                       .use = "status",
                       .short_text =
                           "Prints out the status of endpoints specified in `--endpoints` flag",
                       .long_text = kStatusLong,
                       .run = RunEndpointStatus},
                      {.name = "hashkv",
                       .use = "hashkv",
                       .short_text = "Prints the KV history hash for each endpoint in --endpoints",
                       .persistent_flags = {Number(
                           "rev", "maximum revision to hash (default: latest revision)")},
                       .run = RunEndpointHashKv}},
  };
}

Command Member() {
  return {
      .name = "member",
      .use = "member <subcommand>",
      .short_text = "Membership related commands. Use `etcdctl member --help` to see subcommands",
      .long_text = "Membership related commands",
      .group = kMaintenance,
      .subcommands =
          {{.name = "add",
            .use = "add <memberName> [options]",
            .short_text = "Adds a member into the cluster",
            .flags = {Text("peer-urls", "comma separated peer URLs for the new member."),
                      Switch("learner", "indicates if the new member is raft learner")},
            .run = RunMemberAdd},
           {.name = "remove",
            .use = "remove <memberID>",
            .short_text = "Removes a member from the cluster",
            .run = RunMemberRemove},
           {.name = "update",
            .use = "update <memberID> [options]",
            .short_text = "Updates a member in the cluster",
            .flags = {Text("peer-urls", "comma separated peer URLs for the updated member.")},
            .run = RunMemberUpdate},
           {.name = "list",
            .use = "list",
            .short_text = "Lists all members in the cluster",
            .long_text = kMemberListLong,
            .flags = {Consistency()},
            .run = RunMemberList},
           {.name = "promote",
            .use = "promote <memberID>",
            .short_text = "Promotes a non-voting member in the cluster",
            .long_text = "Promotes a non-voting learner member to a voting one in the cluster.\n",
            .run = RunMemberPromote}},
  };
}

Command Lease() {
  return {
      .name = "lease",
      .use = "lease <subcommand>",
      .short_text = "Lease related commands. Use `etcdctl lease --help` to see subcommands",
      .long_text = "Lease related commands",
      .group = kKv,
      .subcommands = {{.name = "grant",
                       .use = "grant <ttl>",
                       .short_text = "Creates leases",
                       .run = RunLeaseGrant},
                      {.name = "revoke",
                       .use = "revoke <leaseID>",
                       .short_text = "Revokes leases",
                       .run = RunLeaseRevoke},
                      {.name = "timetolive",
                       .use = "timetolive <leaseID> [options]",
                       .short_text = "Get lease information",
                       .flags = {Switch("keys", "Get keys attached to this lease")},
                       .run = RunLeaseTimeToLive},
                      {.name = "list",
                       .use = "list",
                       .short_text = "List all active leases",
                       .run = RunLeaseList},
                      {.name = "keep-alive",
                       .use = "keep-alive [options] <leaseID>",
                       .short_text = "Keeps leases alive (renew)",
                       .flags = {Switch(
                           "once",
                           "Resets the keep-alive time to its original value and cobrautl.Exits "
                           "immediately")},
                       .run = RunLeaseKeepAlive}},
  };
}

Command Lock() {
  return {
      .name = "lock",
      .use = "lock <lockname> [exec-command arg1 arg2 ...]",
      .short_text = "Acquires a named lock",
      .group = kConcurrency,
      .flags = {Number("ttl", "timeout for session", "10")},
      .run = RunLock,
  };
}

Command Elect() {
  return {
      .name = "elect",
      .use = "elect <election-name> [proposal]",
      .short_text = "Observes and participates in leader election",
      .group = kConcurrency,
      .flags = {Short('l', Switch("listen", "observation mode"))},
      .run = RunElect,
  };
}

Command Auth() {
  return {
      .name = "auth",
      .use = "auth <enable or disable>",
      .short_text =
          "Enable or disable authentication. Use `etcdctl auth --help` to see subcommands",
      .long_text = "Enable or disable authentication",
      .group = kAuthentication,
      .subcommands = {{.name = "enable",
                       .use = "enable",
                       .short_text = "Enables authentication",
                       .run = RunAuthEnable},
                      {.name = "disable",
                       .use = "disable",
                       .short_text = "Disables authentication",
                       .run = RunAuthDisable},
                      {.name = "status",
                       .use = "status",
                       .short_text = "Returns authentication status",
                       .run = RunAuthStatus}},
  };
}

Command User() {
  return {
      .name = "user",
      .use = "user <subcommand>",
      .short_text = "User related commands. Use `etcdctl user --help` to see subcommands",
      .long_text = "User related commands",
      .group = kAuthentication,
      .subcommands =
          {{.name = "add",
            .use = "add <user name or user:password> [options]",
            .short_text = "Adds a new user",
            .flags = {Switch("interactive",
                             "Read password from stdin instead of interactive terminal", true),
                      Text("new-user-password", "Supply password from the command line flag"),
                      Switch("no-password", "Create a user without password (CN based auth only)")},
            .run = RunUserAdd},
           {.name = "delete",
            .use = "delete <user name>",
            .short_text = "Deletes a user",
            .run = RunUserDelete},
           {.name = "get",
            .use = "get <user name> [options]",
            .short_text = "Gets detailed information of a user",
            .flags = {Switch("detail", "Show permissions of roles granted to the user")},
            .run = RunUserGet},
           {.name = "list", .use = "list", .short_text = "Lists all users", .run = RunUserList},
           {.name = "passwd",
            .use = "passwd <user name> [options]",
            .short_text = "Changes password of user",
            .flags = {Switch("interactive",
                             "If true, read password from stdin instead of interactive terminal",
                             true)},
            .run = RunUserPasswd},
           {.name = "grant-role",
            .use = "grant-role <user name> <role name>",
            .short_text = "Grants a role to a user",
            .run = RunUserGrantRole},
           {.name = "revoke-role",
            .use = "revoke-role <user name> <role name>",
            .short_text = "Revokes a role from a user",
            .run = RunUserRevokeRole}},
  };
}

// `what` is done with a permission.
std::vector<FlagSpec> PermissionFlags(const std::string& what) {
  return {Switch("prefix", (what + " a prefix permission").c_str()),
          Switch("from-key", (what + " a permission of keys that are greater than or equal to the "
                                     "given key using byte compare")
                                 .c_str())};
}

Command Role() {
  return {
      .name = "role",
      .use = "role <subcommand>",
      .short_text = "Role related commands. Use `etcdctl role --help` to see subcommands",
      .long_text = "Role related commands",
      .group = kAuthentication,
      .subcommands =
          {{.name = "add",
            .use = "add <role name>",
            .short_text = "Adds a new role",
            .run = RunRoleAdd},
           {.name = "delete",
            .use = "delete <role name>",
            .short_text = "Deletes a role",
            .run = RunRoleDelete},
           {.name = "get",
            .use = "get <role name>",
            .short_text = "Gets detailed information of a role",
            .run = RunRoleGet},
           {.name = "list", .use = "list", .short_text = "Lists all roles", .run = RunRoleList},
           {.name = "grant-permission",
            .use = "grant-permission [options] <role name> <permission type> <key> [endkey]",
            .short_text = "Grants a key to a role",
            .flags = PermissionFlags("grant"),
            .run = RunRoleGrantPermission},
           {.name = "revoke-permission",
            .use = "revoke-permission <role name> <key> [endkey]",
            .short_text = "Revokes a key from a role",
            .flags = PermissionFlags("revoke"),
            .run = RunRoleRevokePermission}},
  };
}

Command MakeMirror() {
  return {
      .name = "make-mirror",
      .use = "make-mirror [options] <destination>",
      .short_text = "Makes a mirror at the destination etcd cluster",
      .group = kUtility,
      .flags = {Text("prefix", "Key-value prefix to mirror"),
                Number("rev", "Specify the kv revision to start to mirror"),
                {"max-txn-ops", 0, FlagSpec::Type::kUint, "128",
                 "Maximum number of operations permitted in a transaction during syncing updates."},
                Text("dest-prefix",
                     "destination prefix to mirror a prefix to a different prefix in the "
                     "destination cluster"),
                Switch("no-dest-prefix",
                       "mirror key-values to the root of the destination cluster"),
                Text("dest-cert",
                     "Identify secure client using this TLS certificate file for the destination "
                     "cluster"),
                Text("dest-key", "Identify secure client using this TLS key file"),
                Text("dest-cacert",
                     "Verify certificates of TLS enabled secure servers using this CA bundle"),
                Switch("dest-insecure-transport",
                       "Disable transport security for client connections", true),
                Text("dest-user",
                     "Destination username[:password] for authentication (prompt if password is "
                     "not supplied)"),
                Text("dest-password",
                     "Destination password for authentication (if this option is used, --user "
                     "option shouldn't include password)")},
      .run = RunMakeMirror,
  };
}

FlagSpec Load(const char* usage) {
  return OneOf({"s", "m", "l", "xl"}, Text("load", usage, "s"));
}

// Of each check.
std::vector<FlagSpec> CheckFlags(FlagSpec load, FlagSpec prefix) {
  return {std::move(load), std::move(prefix),
          Switch("auto-compact", "Compact storage with last revision after test is finished."),
          Switch("auto-defrag", "Defragment storage after test is finished.")};
}

Command Check() {
  return {
      .name = "check",
      .use = "check <subcommand>",
      .short_text =
          "commands for checking properties of the etcd cluster. Use `etcdctl check --help` to see "
          "subcommands",
      .long_text = "commands for checking properties of the etcd cluster",
      .group = kUtility,
      .subcommands =
          {{.name = "perf",
            .use = "perf [options]",
            .short_text = "Check the performance of the etcd cluster",
            .flags = CheckFlags(
                Load("The performance check's workload model. Accepted workloads: s(small), "
                     "m(medium), l(large), xl(xLarge). Different workload models use different "
                     "configurations in terms of number of clients and expected throughput."),
                Text("prefix", "The prefix for writing the performance check's keys.",
                     "/etcdctl-check-perf/")),
            .run = RunCheckPerf},
           {.name = "datascale",
            .use = "datascale [options]",
            .short_text = "Check the memory usage of holding data for different workloads on a "
                          "given server endpoint.",
            .long_text =
                "If no endpoint is provided, localhost will be used. If multiple endpoints "
                "are provided, first endpoint will be used.",
            .flags = CheckFlags(
                Load("The datascale check's workload model. Accepted workloads: s(small), "
                     "m(medium), l(large), xl(xLarge)"),
                Text("prefix", "The prefix for writing the datascale check's keys.",
                     "/etcdctl-check-datascale/")),
            .run = RunCheckDatascale}},
  };
}

Command MoveLeader() {
  return {
      .name = "move-leader",
      .use = "move-leader <transferee-member-id>",
      .short_text = "Transfers leadership to another etcd cluster member.",
      .group = kMaintenance,
      .run = RunMoveLeader,
  };
}

Command Downgrade() {
  return {
      .name = "downgrade",
      .use = "downgrade <TARGET_VERSION>",
      .short_text = "Downgrade related commands. Use `etcdctl downgrade --help` to see subcommands",
      .long_text = "Downgrade related commands",
      .group = kMaintenance,
      .subcommands = {{.name = "validate",
                       .use = "validate <TARGET_VERSION>",
                       .short_text = "Validate downgrade capability before starting downgrade",
                       .run = RunDowngradeValidate},
                      {.name = "enable",
                       .use = "enable <TARGET_VERSION>",
                       .short_text = "Start a downgrade action to cluster",
                       .run = RunDowngradeEnable},
                      {.name = "cancel",
                       .use = "cancel",
                       .short_text = "Cancel the ongoing downgrade action to cluster",
                       .run = RunDowngradeCancel}},
  };
}

Command Snapshot() {
  return {
      .name = "snapshot",
      .use = "snapshot <subcommand>",
      .short_text = "Manages etcd node snapshots",
      .example = kSnapshotExample,
      .group = kMaintenance,
      .subcommands = {{.name = "save",
                       .use = "save <filename>",
                       .short_text = "Stores an etcd node backend snapshot to a given file",
                       .example = kSnapshotExample,
                       .run = RunSnapshotSave}},
  };
}

Command Completion() {
  Command command = cli::CompletionCommand("etcdctl", [](const cli::Invocation& invocation) {
    return cli::ShowCompletion(RootCommand(), invocation);
  });
  command.group = kUtility;
  return command;
}

}  // namespace

const Command& RootCommand() {
  static const Command root = {
      .name = "etcdctl",
      .use = "etcdctl",
      .short_text = "A simple command line client for etcd3.",
      .persistent_flags = GlobalFlags(),
      .subcommands = {Get(),
                      Put(),
                      Delete(),
                      Txn(),
                      Compaction(),
                      Watch(),
                      Alarm(),
                      Defrag(),
                      Endpoint(),
                      {.name = "version",
                       .use = "version",
                       .short_text = "Prints the version of etcdctl",
                       .group = kUtility,
                       .run = RunVersion},
                      Lease(),
                      Member(),
                      MoveLeader(),
                      Downgrade(),
                      Snapshot(),
                      AdmissionCommand(),
                      DoctorCommand(),
                      UsageCommand(),
                      TopCommand(),
                      LatencyCommand(),
                      Lock(),
                      Elect(),
                      Auth(),
                      User(),
                      Role(),
                      MakeMirror(),
                      Check(),
                      ContextCommand(),
                      DebugCommand(),
                      MigrateCommand(),
                      Completion(),
                      {.name = "options",
                       .use = "options",
                       .short_text = "Show the global command-line flags",
                       .group = kUtility,
                       .run = RunOptions},
                      {.name = "help",
                       .use = "help [command]",
                       .short_text = "Help about any command",
                       .long_text = "Help provides help for any command in the application.\n"
                                    "Simply type etcdctl help [path to command] for full details.",
                       .group = kUtility,
                       .run = RunHelp}},
      .groups = {kKv, kMaintenance, kConcurrency, kAuthentication, kUtility},
      .color_variable = "ETCDCTL_COLOR",
      .flags_hint =
          "Use \"etcdctl options\" for a list of global command-line options (applies to "
          "all commands).",
  };
  return root;
}

}  // namespace ctl
