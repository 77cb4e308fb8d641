#include "utl/etcd_database.h"

#include <utility>

#include "runtime/new_file.h"
#include "storage/snap/bbolt_writer.h"

namespace utl {

base::Result<std::unique_ptr<EtcdDatabase>> EtcdDatabase::Open(offline::Files& files,
                                                               const std::string& path,
                                                               const cli::Flags& flags) {
  RETURN_IF_ERROR(offline::CheckExists(files.disk(), path));
  std::unique_ptr<EtcdDatabase> opened(new EtcdDatabase(&files.disk(), path));
  ASSIGN_OR_RETURN(opened->file_, offline::OpenLocked(files, flags, path, runtime::OpenMode::kWrite,
                                                      "etcd runs on " + path));
  ASSIGN_OR_RETURN(const uint64_t bytes, opened->file_->Size());
  ASSIGN_OR_RETURN(opened->reader_, snap::BboltReader::Open(opened->file_.get(), path, bytes));
  return opened;
}

base::Status EtcdDatabase::ReplaceBy(snap::Source& source) {
  ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(source, reader_->meta().page_size));
  ASSIGN_OR_RETURN(const runtime::NewFile made, runtime::CreateBeside(disk_, path_, ".tmp"));
  const auto write = [&]() -> base::Status {
    uint64_t offset = 0;
    RETURN_IF_ERROR(snap::WriteBbolt(source, layout, [&](base::ByteView piece) {
      const uint64_t at = std::exchange(offset, offset + piece.size());
      return made.file->WriteAt(at, piece);
    }));
    RETURN_IF_ERROR(made.file->Sync());
    return disk_.Rename(made.path, path_);
  };
  const base::Status written = write();
  if (!written.ok()) {
    (void)disk_.Remove(made.path);
    return written;
  }
  return disk_.SyncDirectory(runtime::ParentPath(path_));
}

}  // namespace utl
