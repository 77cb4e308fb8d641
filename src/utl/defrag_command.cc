#include "utl/defrag_command.h"

#include <string>

#include "offline/files.h"
#include "utl/etcd_database.h"

namespace utl {
namespace {

using runtime::JoinPath;

base::Status Defragment(offline::Files& files, const cli::Invocation& invocation,
                        const std::string& data_dir) {
  const std::string member = JoinPath(data_dir, "member");
  const std::string snap = JoinPath(member, "snap");
  ASSIGN_OR_RETURN(const bool is_ours, files.disk().Exists(JoinPath(snap, "db.mdb")));
  if (!is_ours) {
    ASSIGN_OR_RETURN(const auto etcds,
                     EtcdDatabase::Open(files, JoinPath(snap, "db"), invocation.flags));
    return etcds->ReplaceBy(etcds->source());
  }
  ASSIGN_OR_RETURN(const offline::MemberDatabase opened,
                   offline::OpenMemberDatabase(files, member, invocation.flags));
  return opened.database->Defragment([](uint64_t) { return true; });
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
