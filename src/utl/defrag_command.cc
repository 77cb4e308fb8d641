#include "utl/defrag_command.h"

#include <memory>
#include <string>
#include <utility>

#include "storage/snap/bbolt_reader.h"
#include "storage/snap/bbolt_writer.h"
#include "utl/files.h"

namespace utl {
namespace {

using runtime::JoinPath;

// Writes etcd's database anew beside it, and puts that in its place.
base::Status DefragmentBbolt(Files& files, const std::string& path) {
  runtime::Disk& disk = files.disk();
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kWrite));
  RETURN_IF_ERROR(file->Lock());
  ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
  ASSIGN_OR_RETURN(const auto source, snap::BboltReader::Open(file.get(), path, bytes));
  ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(*source, source->meta().page_size));
  const std::string made = path + ".tmp";
  const auto write = [&]() -> base::Status {
    ASSIGN_OR_RETURN(const auto out, disk.Open(made, runtime::OpenMode::kCreateOrTruncate));
    uint64_t offset = 0;
    RETURN_IF_ERROR(snap::WriteBbolt(*source, layout, [&](base::ByteView piece) {
      const uint64_t at = std::exchange(offset, offset + piece.size());
      return out->WriteAt(at, piece);
    }));
    RETURN_IF_ERROR(out->Sync());
    return disk.Rename(made, path);
  };
  const base::Status written = write();
  if (!written.ok()) {
    (void)disk.Remove(made);
    return written;
  }
  return disk.SyncDirectory(path.substr(0, path.rfind('/')));
}

base::Status Defragment(Files& files, const cli::Invocation& invocation,
                        const std::string& data_dir) {
  const std::string member = JoinPath(data_dir, "member");
  const std::string snap = JoinPath(member, "snap");
  ASSIGN_OR_RETURN(const bool is_ours, files.disk().Exists(JoinPath(snap, "db.mdb")));
  if (!is_ours) {
    const std::string path = JoinPath(snap, "db");
    RETURN_IF_ERROR(CheckExists(files.disk(), path));
    return DefragmentBbolt(files, path);
  }
  ASSIGN_OR_RETURN(const MemberDatabase opened,
                   OpenMemberDatabase(files, member, invocation.flags));
  return opened.database->Defragment([](uint64_t) { return true; });
}

}  // namespace

cli::Outcome RunDefrag(const cli::Invocation& invocation) {
  Files files;
  const std::string& data_dir = invocation.flags.GetString("data-dir");
  const base::Status status = Defragment(files, invocation, data_dir);
  if (status.ok()) return {};
  return cli::Failed(cli::kExitError, "Failed to defragment etcd data[" + data_dir + "] (" +
                                          std::string(status.message()) + ")");
}

}  // namespace utl
