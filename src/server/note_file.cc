#include "server/note_file.h"

namespace server {

base::Status WriteNoteFile(runtime::Disk& disk, const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  ASSIGN_OR_RETURN(auto file, disk.Open(temporary, runtime::OpenMode::kCreateOrTruncate));
  RETURN_IF_ERROR(file->WriteAt(0, text));
  RETURN_IF_ERROR(file->Sync());
  RETURN_IF_ERROR(disk.Rename(temporary, path));
  return disk.SyncDirectory(runtime::ParentPath(path));
}

base::Status RemoveNoteFile(runtime::Disk& disk, const std::string& path) {
  ASSIGN_OR_RETURN(const bool exists, disk.Exists(path));
  if (!exists) return {};
  RETURN_IF_ERROR(disk.Remove(path));
  return disk.SyncDirectory(runtime::ParentPath(path));
}

}  // namespace server
