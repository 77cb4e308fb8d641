#include "ctl/debug_command.h"

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "base/human_bytes.h"
#include "ctl/archive.h"
#include "ctl/connection.h"
#include "ctl/debug_report.h"
#include "runtime/new_file.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/disk.h"

namespace ctl {
namespace {

constexpr int64_t kNanosOfSecond = 1'000'000'000;

// "etcdctl-debug-20240131-235959.tar.gz", by UTC.
std::string UsualName(runtime::WallTime now) {
  const std::time_t seconds = now.unix_nanos / kNanosOfSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char name[64];
  return std::string(
      name, std::strftime(name, sizeof name, "etcdctl-debug-%Y%m%d-%H%M%S.tar.gz", &parts));
}

Outcome FailedFile(const base::Status& status) {
  return Failed(kExitError, std::string(status.message()));
}

}  // namespace

Outcome RunDebug(const Invocation& invocation) {
  if (invocation.arguments.size() > 1) {
    return Failed(kExitBadArguments, "debug command accepts the name of one file at most");
  }
  const Flags& flags = invocation.flags;
  Globals globals;
  if (Outcome outcome = ReadGlobals(invocation, &globals); !outcome.ok()) return outcome;
  std::vector<std::string> endpoints;
  if (Outcome outcome = ListEndpoints(invocation, globals, &endpoints); !outcome.ok()) {
    return outcome;
  }
  const runtime::WallTime now = runtime::posix::Clock().WallNow();
  const std::string path =
      invocation.arguments.empty() ? UsualName(now) : invocation.arguments.front();
  runtime::posix::Disk disk;
  // Before the members are asked, and for its owner alone; a file that is there stays.
  base::Result<runtime::NewFile> made = runtime::NewFile::At(disk, path);
  if (!made.ok()) return FailedFile(made.status());
  const std::vector<ArchiveFile> files =
      GatherReport(globals, endpoints, FlagLines(flags),
                   {.log_path = flags.GetString("log"),
                    .log_lines = flags.GetUint("log-lines"),
                    .profiles = flags.GetBool("profile")},
                   [&](const std::string& what) { Print(invocation.err, what + " ...\n"); });
  const base::Bytes archive = TarGz(files, now);
  base::Status status = made->file().WriteAt(0, archive);
  if (status.ok()) status = made->file().Sync();
  if (status.ok()) status = made->Finish();
  if (!status.ok()) return FailedFile(status);
  Print(invocation.out, path + ": " + std::to_string(files.size()) + " files, " +
                            base::HumanBytes(archive.size()) +
                            "; look through it before you hand it on\n");
  bool was_answered = false;
  for (const ArchiveFile& each : files) {
    if (each.name == "errors.txt") Print(invocation.err, each.bytes);
    was_answered = was_answered || each.name.starts_with("endpoints/");
  }
  return was_answered ? Outcome() : Failed(kExitError, "no member has told anything");
}

}  // namespace ctl
