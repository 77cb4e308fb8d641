#include "server/directory_note.h"

#include <string>

namespace server {
namespace {

constexpr std::string_view kNote =
    R"(This directory belongs to a member of Cornerstore, which speaks etcd's protocols.

The log (wal/) and the *.snap files have etcd's formats. The database does not: it is
snap/db.mdb, while etcd looks for snap/db. So do not start etcd on this directory: 3.7 panics as
soon as there is a *.snap file, and 3.4 at once; what 3.5 and 3.6 do was not tried.

To go back to etcd as the same member, stop this one, let Cornerstore's etcdutl make a directory for
etcd, and start etcd there; only one of the two may run from then on:

  etcdutl export --data-dir DATA_DIR --output-dir NEW_DIRECTORY

Where there are snap.etcd/ and wal.etcd/, these are the files of the etcd that this member was
imported from, as they were before it answered anybody. It does not need them. Until they are
there, etcd still has its own files in snap/ and wal/, and starts on them.

Do not change or remove files here by hand while the member runs.
)";

std::string NotePath(const Paths& paths) {
  return runtime::JoinPath(paths.member, "README");
}

}  // namespace

base::Status LeaveNote(const Options& options, const Environment& environment) {
  const std::string path = NotePath(Paths(options));
  ASSIGN_OR_RETURN(const bool exists, environment.disk->Exists(path));
  if (exists) return {};
  ASSIGN_OR_RETURN(const auto file,
                   environment.disk->Open(path, runtime::OpenMode::kCreateOrTruncate));
  return file->WriteAt(0, kNote);
}

base::Status RemoveNote(runtime::Disk& disk, const Paths& paths) {
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(NotePath(paths)));
  if (exists) RETURN_IF_ERROR(disk.Remove(NotePath(paths)));
  return {};
}

}  // namespace server
