#include "utl/export_command.h"

#include <string>

#include "cli/progress.h"
#include "offline/files.h"
#include "server/etcd_export.h"
#include "server/takeover.h"

namespace utl {
namespace {

base::Status WithAdvice(const base::Status& status) {
  if (status.code() != base::Code::kDataLoss) return status;
  return {status.code(), std::string(status.message()) +
                             "; start the member once more, which says what to do, or remove it "
                             "from the cluster and add it again"};
}

// kNotFound without a database; kFailedPrecondition for a directory of etcd.
base::Status CheckIsOurs(runtime::Disk& disk, const server::Paths& paths) {
  base::Status exists = offline::CheckExists(disk, paths.database);
  const std::string etcds = runtime::JoinPath(paths.snap, "db");
  if (exists.ok() || !offline::CheckExists(disk, etcds).ok()) return exists;
  return {base::Code::kFailedPrecondition,
          paths.member + ": is of etcd already, which starts on it as it is (" + etcds +
              " is its database); nothing is to be exported"};
}

base::Status Export(offline::Files& files, const cli::Flags& flags, cli::Progress* progress) {
  server::Options member;
  member.data_dir = offline::WithoutSlashes(flags.GetString("data-dir"));
  member.wal_dir = offline::WithoutSlashes(flags.GetString("wal-dir"));
  server::Options target;
  target.data_dir = offline::WithoutSlashes(flags.GetString("output-dir"));
  target.wal_dir = offline::WithoutSlashes(flags.GetString("output-wal-dir"));
  const server::Paths paths(member);
  if (target.data_dir.starts_with(member.data_dir + "/")) {
    return {base::Code::kInvalidArgument,
            "--output-dir " + target.data_dir + " is within the directory of the member"};
  }
  RETURN_IF_ERROR(CheckIsOurs(files.disk(), paths));
  auto opened = offline::OpenMemberDatabaseToRead(files, paths.member, flags);
  if (!opened.ok()) return WithAdvice(opened.status());
  ASSIGN_OR_RETURN(const server::Takeover takeover, server::FindTakeover(files.disk(), paths));
  if (takeover != server::Takeover::kNone) {
    return {base::Code::kFailedPrecondition,
            paths.member +
                ": was imported from etcd's files, which are still there: etcd starts on "
                "them; nothing is to be exported"};
  }
  return server::ExportToEtcd(
      files.disk(), files.logger(),
      {.member = &member,
       .database = opened->database.get(),
       .target = &target,
       .leave_out_extensions = flags.GetBool("leave-out-extensions"),
       .on_progress = [progress](uint64_t done, uint64_t total) { progress->Show(done, total); }});
}

}  // namespace

cli::Outcome RunExport(const cli::Invocation& invocation) {
  offline::Files files;
  cli::Progress progress(invocation.err, "exporting");
  return offline::Failure(Export(files, invocation.flags, &progress));
}

}  // namespace utl
