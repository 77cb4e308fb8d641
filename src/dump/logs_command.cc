#include "dump/logs_command.h"

#include "base/go_text.h"
#include "cli/command.h"
#include "cli/go_flags.h"
#include "dump/entry_filter.h"
#include "dump/go_program.h"
#include "dump/log_dump.h"
#include "dump/proto_text.h"
#include "dump/raw_log.h"
#include "offline/files.h"

namespace dump {
namespace {

using cli::FlagSpec;
using Type = FlagSpec::Type;

constexpr int kFailed = 1;
constexpr const char* kDefaultTypes = "Normal,ConfigChange";

std::vector<FlagSpec> FlagSpecs() {
  return {
      {"start-snap", 0, Type::kString, "", "The base name of snapshot file to start dumping"},
      {"wal-dir", 0, Type::kString, "",
       "If set, dumps WAL from the informed path, rather than following the standard "
       "'data_dir/member/wal/' location"},
      {"start-index", 0, Type::kUint, "0",
       "The index to start dumping (inclusive). If unspecified, dumps from the index of the last "
       "snapshot."},
      {"end-index", 0, Type::kUint, "18446744073709551615",
       "The index to stop dumping (exclusive)"},
      {"entry-type", 0, Type::kString, kDefaultTypes,
       std::string("If set, filters output by entry type. Must be one or more than one of:\n") +
           kEntryTypeNames},
      {"stream-decoder", 0, Type::kString, "",
       "The name of an executable decoding tool, the executable must process\n"
       "hex encoded lines of binary input (from etcd-dump-logs)\n"
       "and output a hex encoded line of binary for each input line"},
      {"raw", 0, Type::kBool, "false", "Read the logs in the low-level form"},
  };
}

constexpr const char* kAboutSecrets =
    "\nEntries are shown as they are in the log, with all keys and values, hashes of passwords "
    "and\n"
    "tokens; in logs of etcd 3.4 also with the passwords of new users.\n";

int Run(const cli::Flags& flags, const std::vector<std::string>& arguments) {
  offline::Files files;
  const GoLog log(&files.clock(), stderr);
  const auto refuse = [&log](const std::string& why) {
    log.Print(why);
    return kFailed;
  };
  if (arguments.size() != 1) {
    return refuse("Must provide data-dir argument (got [" + base::Join(arguments, " ") + "])");
  }
  LogDump dump;
  dump.data_dir = arguments.front();
  dump.wal_dir = flags.GetString("wal-dir");
  dump.snapshot = flags.GetString("start-snap");
  dump.from_index = flags.changed("start-index");
  dump.start_index = flags.GetUint("start-index");
  dump.end_index = flags.GetUint("end-index");
  dump.entry_types = flags.GetString("entry-type");
  dump.stream_decoder = flags.GetString("stream-decoder");
  if (!dump.snapshot.empty() && dump.start_index != 0) {
    return refuse("start-snap and start-index flags cannot be used together.");
  }
  if (!flags.GetBool("raw")) return DumpLog(files.disk(), dump, {stdout, log});
  if (!dump.snapshot.empty() || dump.entry_types != kDefaultTypes || !dump.stream_decoder.empty()) {
    return refuse(
        "Flags --entry-type, --stream-decoder, --entrytype not supported in the RAW mode.");
  }
  return DumpRawLog(files.disk(), dump, {stdout, log});
}

}  // namespace

int RunDumpLogs(const std::string& name, const std::vector<std::string>& words) {
  SilenceProtobuf();
  return RunGoProgram({.name = name, .flags = FlagSpecs(), .about = kAboutSecrets, .run = Run},
                      words);
}

}  // namespace dump
