#include "utl/defrag_command.h"

#include <string>

#include "base/human_bytes.h"
#include "offline/files.h"
#include "runtime/posix/clock.h"
#include "runtime/unfinished.h"
#include "storage/backend/lmdb_backend.h"
#include "utl/etcd_database.h"

namespace utl {
namespace {

using runtime::JoinPath;

std::string OurDatabase(const std::string& member) {
  return JoinPath(member, "snap/db.mdb");
}
std::string EtcdsDatabase(const std::string& member) {
  return JoinPath(member, "snap/db");
}

base::Status DefragmentAs(offline::Files& files, const cli::Invocation& invocation,
                          const std::string& member, bool is_ours) {
  if (!is_ours) {
    ASSIGN_OR_RETURN(const auto etcds,
                     EtcdDatabase::Open(files, EtcdsDatabase(member), invocation.flags));
    return etcds->ReplaceBy(etcds->source());
  }
  ASSIGN_OR_RETURN(const offline::MemberDatabase opened,
                   offline::OpenMemberDatabase(files, member, invocation.flags));
  runtime::Making(backend::LmdbFilesInTheMaking(OurDatabase(member)));
  const base::Status status = opened.database->Defragment([](uint64_t) { return true; });
  runtime::Making({});
  return status;
}

base::Result<uint64_t> SizeOf(runtime::Disk& disk, const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kRead));
  return file->Size();
}

base::Status Defragment(offline::Files& files, const cli::Invocation& invocation,
                        const std::string& data_dir) {
  const std::string member = JoinPath(data_dir, "member");
  ASSIGN_OR_RETURN(const bool is_ours, files.disk().Exists(OurDatabase(member)));
  const std::string path = is_ours ? OurDatabase(member) : EtcdsDatabase(member);
  const runtime::posix::Clock clock;
  const runtime::TimePoint start = clock.Now();
  const auto before = SizeOf(files.disk(), path);
  if (before.ok()) {
    files.logger().Info("defragmenting", {{"path", path},
                                          {"current-db-size-bytes", *before},
                                          {"current-db-size", base::HumanBytes(*before)}});
  }
  RETURN_IF_ERROR(DefragmentAs(files, invocation, member, is_ours));
  ASSIGN_OR_RETURN(const uint64_t after, SizeOf(files.disk(), path));
  files.logger().Info(
      "finished defragmenting directory",
      {{"path", path},
       {"current-db-size-bytes-diff", int64_t(after - (before.ok() ? *before : after))},
       {"current-db-size-bytes", after},
       {"current-db-size", base::HumanBytes(after)},
       {"took", clock.Now() - start}});
  return {};
}

}  // namespace

cli::Outcome RunDefrag(const cli::Invocation& invocation) {
  offline::Files files;
  const std::string& data_dir = invocation.flags.GetString("data-dir");
  const base::Status status = Defragment(files, invocation, data_dir);
  if (status.ok()) return {};
  return cli::Failed(cli::kExitError, "Failed to defragment etcd data[" + data_dir + "] (" +
                                          std::string(status.message()) + ")");
}

}  // namespace utl
