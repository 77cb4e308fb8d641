#include "bench/command_tree.h"

#include "bench/compare_command.h"
#include "bench/kv_commands.h"
#include "bench/measure_command.h"
#include "bench/stm_command.h"
#include "bench/txn_commands.h"
#include "bench/watch_commands.h"
#include "cli/completion.h"
#include "cli/help.h"

// What etcd-bench can do: the commands, flags and texts of the benchmark of etcd 3.7, and some of
// its own.

namespace bench {
namespace {

using cli::Command;
using cli::FlagSpec;
using Type = FlagSpec::Type;

std::vector<FlagSpec> EtcdsGlobalFlags() {
  return {
      {"endpoints", 0, Type::kStrings, "127.0.0.1:2379", "gRPC endpoints"},
      {"conns", 0, Type::kUint, "1", "Total number of gRPC connections"},
      {"clients", 0, Type::kUint, "1", "Total number of gRPC clients"},
      {"precise", 0, Type::kBool, "false", "use full floating point precision"},
      {"sample", 0, Type::kBool, "false", "'true' to sample requests for every second"},
      {"cert", 0, Type::kString, "", "identify HTTPS client using this SSL certificate file"},
      {"key", 0, Type::kString, "", "identify HTTPS client using this SSL key file"},
      {"cacert", 0, Type::kString, "",
       "verify certificates of HTTPS-enabled servers using this CA bundle"},
      {"insecure-skip-tls-verify", 0, Type::kBool, "false", "skip server certificate verification"},
      {"user", 0, Type::kString, "",
       "provide username[:password] and prompt if password is not supplied."},
      {"dial-timeout", 0, Type::kDuration, "0s", "dial timeout for client connections"},
      {"auto-sync-interval", 0, Type::kDuration, "0s",
       "AutoSyncInterval is the interval to update endpoints with its latest members"},
      {"report-perfdash", 0, Type::kBool, "false", "Generate benchmark report in perfdash format"}};
}

// That etcd's benchmark does not have, or no longer.
std::vector<FlagSpec> OurGlobalFlags() {
  return {{"target-leader", 0, Type::kBool, "false", "connect only to the leader node"},
          {"threads", 0, Type::kUint, "1", "threads that send requests (not etcd's)"},
          {"from-send", 0, Type::kBool, "false",
           "with a rate, count latencies from when a request is sent and not from when it was due "
           "(not etcd's)"},
          {"output",
           0,
           Type::kString,
           "text",
           "form of the report: text, json or csv (not etcd's)",
           /*required=*/false,
           {"text", "json", "csv"}},
          {"percentiles", 0, Type::kBool, "false",
           "show the percentiles up to 99.999 in the text report (not etcd's)"},
          {"plot", 0, Type::kString, "",
           "write a picture (SVG) of the latencies to this file (not etcd's)"},
          {"fail-on-error", 0, Type::kBool, "false",
           "end with status 1 if a request failed (not etcd's)"}};
}

std::vector<FlagSpec> GlobalFlags() {
  std::vector<FlagSpec> flags = EtcdsGlobalFlags();
  for (FlagSpec& flag : OurGlobalFlags()) flags.push_back(std::move(flag));
  return flags;
}

// How a command is run by itself, and below `compare`.
enum class Kind : uint8_t { kOnce, kCompared };

// The command, with what it measures.
template <const char* kName, Measure kMeasure>
Command Measured(Kind kind, Command command) {
  if (kind == Kind::kOnce) {
    command.run = [](const cli::Invocation& invocation) {
      return RunMeasureCommand(invocation, kName, kMeasure);
    };
  } else {
    command.run = [](const cli::Invocation& invocation) {
      return RunCompareCommand(invocation, kName, kMeasure);
    };
  }
  return command;
}

constexpr char kPut[] = "put";
constexpr char kRange[] = "range";
constexpr char kTxnPut[] = "txn-put";
constexpr char kTxnMixed[] = "txn-mixed";
constexpr char kLease[] = "lease-keepalive";
constexpr char kStm[] = "stm";
constexpr char kWatch[] = "watch";
constexpr char kWatchGet[] = "watch-get";
constexpr char kWatchLatency[] = "watch-latency";

Command Put(Kind kind) {
  return Measured<kPut, MeasurePut>(
      kind,
      {.name = kPut,
       .use = "put",
       .short_text = "Benchmark put",
       .flags = {
           {"key-size", 0, Type::kInt, "8", "Key size of put request"},
           {"val-size", 0, Type::kInt, "8", "Value size of put request"},
           {"rate", 0, Type::kInt, "0", "Maximum puts per second (0 is no limit)"},
           {"total", 0, Type::kInt, "10000", "Total number of put requests"},
           {"key-space-size", 0, Type::kInt, "1", "Maximum possible keys"},
           {"sequential-keys", 0, Type::kBool, "false", "Use sequential keys"},
           {"prefix", 0, Type::kString, "", "Prefix for keys"},
           {"compact-interval", 0, Type::kDuration, "0s",
            "Interval to compact database (do not duplicate this with etcd's "
            "'auto-compaction-retention' flag) (e.g. --compact-interval=5m compacts every "
            "5-minute)"},
           {"compact-index-delta", 0, Type::kInt64, "1000",
            "Delta between current revision and compact revision (e.g. current revision 10000, "
            "compact at 9000)"},
           {"check-hashkv", 0, Type::kBool, "false", "'true' to check hashkv"}}});
}

Command Range(Kind kind) {
  return Measured<kRange, MeasureRange>(
      kind,
      {.name = kRange,
       .use = "range key [end-range]",
       .short_text = "Benchmark range",
       .flags = {
           {"rate", 0, Type::kInt, "0", "Maximum range requests per second (0 is no limit)"},
           {"total", 0, Type::kInt, "10000", "Total number of range requests"},
           {"consistency", 0, Type::kString, "l", "Linearizable(l) or Serializable(s)"},
           {"limit", 0, Type::kInt64, "0",
            "Maximum number of results to return from range request (0 is no limit)"},
           {"count-only", 0, Type::kBool, "false", "Only returns the count of keys"},
           {"keys-only", 0, Type::kBool, "false", "Only returns the keys"},
           {"stream", 0, Type::kBool, "false", "Use RangeStream instead of unary Range"},
           {"paginate", 0, Type::kBool, "false", "Use paginated unary range with 10k-key pages"},
           {"prefix", 0, Type::kBool, "false",
            "Range over all keys with the given key as prefix"}}});
}

Command TxnPut(Kind kind) {
  return Measured<kTxnPut, MeasureTxnPut>(
      kind, {.name = kTxnPut,
             .use = "txn-put",
             .short_text = "Benchmark txn-put",
             .flags = {{"key-size", 0, Type::kInt, "8", "Key size of txn put"},
                       {"val-size", 0, Type::kInt, "8", "Value size of txn put"},
                       {"txn-ops", 0, Type::kInt, "1", "Number of puts per txn"},
                       {"rate", 0, Type::kInt, "0", "Maximum txns per second (0 is no limit)"},
                       {"total", 0, Type::kInt, "10000", "Total number of txn requests"},
                       {"key-space-size", 0, Type::kInt, "1", "Maximum possible keys"}}});
}

Command TxnMixed(Kind kind) {
  return Measured<kTxnMixed, MeasureTxnMixed>(
      kind, {.name = kTxnMixed,
             .use = "txn-mixed key [end-range]",
             .short_text = "Benchmark a mixed load of txn-put & txn-range.",
             .flags = {{"key-size", 0, Type::kInt, "8", "Key size of mixed txn"},
                       {"val-size", 0, Type::kInt, "8", "Value size of mixed txn"},
                       {"rate", 0, Type::kInt, "0", "Maximum txns per second (0 is no limit)"},
                       {"total", 0, Type::kInt, "10000", "Total number of txn requests"},
                       {"end-key", 0, Type::kString, "",
                        "Read operation range end key. By default, we do full range query with the "
                        "default limit of 1000."},
                       {"limit", 0, Type::kInt64, "1000", "Read operation range result limit"},
                       {"key-space-size", 0, Type::kInt, "1", "Maximum possible keys"},
                       {"consistency", 0, Type::kString, "l", "Linearizable(l) or Serializable(s)"},
                       {"rw-ratio", 0, Type::kFloat, "1", "Read/write ops ratio"}}});
}

Command LeaseKeepAlive(Kind kind) {
  return Measured<kLease, MeasureLeaseKeepAlive>(
      kind,
      {.name = kLease,
       .use = "lease-keepalive",
       .short_text = "Benchmark lease keepalive",
       .flags = {{"total", 0, Type::kInt, "10000", "Total number of lease keepalive requests"}}});
}

Command Stm(Kind kind) {
  return Measured<kStm, MeasureStm>(
      kind,
      {.name = kStm,
       .use = "stm",
       .short_text = "Benchmark STM",
       .flags = {
           {"isolation", 0, Type::kString, "r",
            "Read Committed (c), Repeatable Reads (r), Serializable (s), or Snapshot (ss)"},
           {"keys", 0, Type::kInt, "1", "Total unique keys accessible by the benchmark"},
           {"total", 0, Type::kInt, "10000", "Total number of completed STM transactions"},
           {"keys-per-txn", 0, Type::kInt, "1", "Number of keys to access per transaction"},
           {"txn-wr-percent", 0, Type::kInt, "50",
            "Percentage of keys to overwrite per transaction"},
           {"stm-locker", 0, Type::kString, "stm",
            "Wrap STM transaction with a custom locking mechanism (stm, lock-client, lock-rpc)"},
           {"val-size", 0, Type::kInt, "8", "Value size of each STM put request"},
           {"rate", 0, Type::kInt, "0", "Maximum STM transactions per second (0 is no limit)"}}});
}

Command Watch(Kind kind) {
  return Measured<kWatch, MeasureWatch>(
      kind,
      {.name = kWatch,
       .use = "watch",
       .short_text = "Benchmark watch",
       .long_text = "Benchmark watch tests the performance of processing watch requests and\n"
                    "sending events to watchers. It tests the sending performance by\n"
                    "changing the value of the watched keys with concurrent put\n"
                    "requests.\n"
                    "\n"
                    "During the test, each watcher watches (--total/--watchers) keys\n"
                    "\n"
                    "(a watcher might watch on the same key multiple times if\n"
                    "--watched-key-total is small).\n"
                    "\n"
                    "Each key is watched by (--total/--watched-key-total) watchers.\n",
       .flags = {{"streams", 0, Type::kInt, "10", "Total watch streams"},
                 {"watch-per-stream", 0, Type::kInt, "100", "Total watchers per stream"},
                 {"watched-key-total", 0, Type::kInt, "1", "Total number of keys to be watched"},
                 {"put-rate", 0, Type::kInt, "0", "Number of keys to put per second"},
                 {"put-total", 0, Type::kInt, "1000", "Number of put requests"},
                 {"key-size", 0, Type::kInt, "32", "Key size of watch request"},
                 {"key-space-size", 0, Type::kInt, "1", "Maximum possible keys"},
                 {"sequential-keys", 0, Type::kBool, "false", "Use sequential keys"}}});
}

Command WatchGet(Kind kind) {
  return Measured<kWatchGet, MeasureWatchGet>(
      kind, {.name = kWatchGet,
             .use = "watch-get",
             .short_text = "Benchmark watch with get",
             .long_text = "Benchmark for serialized key gets with many unsynced watchers",
             .flags = {{"watchers", 0, Type::kInt, "10000", "Total number of watchers"},
                       {"streams", 0, Type::kInt, "1", "Total number of watcher streams"},
                       {"events", 0, Type::kInt, "8", "Number of events per watcher"}}});
}

Command WatchLatency(Kind kind) {
  return Measured<kWatchLatency, MeasureWatchLatency>(
      kind, {.name = kWatchLatency,
             .use = "watch-latency",
             .short_text = "Benchmark watch latency",
             .long_text = "Benchmarks the latency for watches by measuring\n"
                          "\tthe latency between writing to a key and receiving the\n"
                          "\tassociated watch response.",
             .flags = {{"streams", 0, Type::kInt, "10", "Total watch streams"},
                       {"watchers-per-stream", 0, Type::kInt, "10", "Total watchers per stream"},
                       {"prevkv", 0, Type::kBool, "false", "PrevKV enabled on watch requests"},
                       {"put-total", 0, Type::kInt, "1000", "Total number of put requests"},
                       {"put-rate", 0, Type::kInt, "100", "Number of keys to put per second"},
                       {"key-size", 0, Type::kInt, "32", "Key size of watch response"},
                       {"val-size", 0, Type::kInt, "32", "Value size of watch response"}}});
}

std::vector<Command> MeasuringCommands(Kind kind) {
  return {LeaseKeepAlive(kind), Put(kind),   Range(kind),    Stm(kind),         TxnMixed(kind),
          TxnPut(kind),         Watch(kind), WatchGet(kind), WatchLatency(kind)};
}

Command CompareCommand() {
  return {.name = "compare",
          .use = "compare",
          .short_text = "Measure at two clusters in turn and print the ratios",
          .long_text =
              "Runs the command at --endpoints and at --endpoints-b in turn, --rounds times "
              "each,\nand prints the medians of both and their ratios.",
          .persistent_flags = {{"endpoints-b", 0, Type::kStrings, "",
                                "gRPC endpoints of the cluster to compare with"},
                               {"rounds", 0, Type::kUint, "3", "how often each is measured"}},
          .subcommands = MeasuringCommands(Kind::kCompared)};
}

}  // namespace

const Command& RootCommand() {
  static const Command root = [] {
    Command made{.name = "etcd-bench",
                 .use = "etcd-bench",
                 .short_text = "A low-level benchmark tool for etcd3",
                 .long_text = "etcd-bench is a low-level benchmark tool for etcd3.",
                 .persistent_flags = GlobalFlags(),
                 .subcommands = MeasuringCommands(Kind::kOnce)};
    made.subcommands.push_back(CompareCommand());
    made.subcommands.push_back({.name = "help",
                                .use = "help [command]",
                                .short_text = "Help about any command",
                                .run = [](const cli::Invocation& invocation) {
                                  return cli::ShowHelp(RootCommand(), invocation);
                                }});
    made.subcommands.push_back(
        cli::CompletionCommand("etcd-bench", [](const cli::Invocation& invocation) {
          return cli::ShowCompletion(RootCommand(), invocation);
        }));
    return made;
  }();
  return root;
}

}  // namespace bench
