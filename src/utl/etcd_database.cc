#include "utl/etcd_database.h"

#include <string_view>
#include <utility>

#include "runtime/new_file.h"
#include "storage/snap/bbolt_writer.h"

namespace utl {
namespace {

constexpr std::string_view kUnfinished = ".tmp";

}  // namespace

base::Result<std::unique_ptr<EtcdDatabase>> EtcdDatabase::Open(offline::Files& files,
                                                               const std::string& path,
                                                               const cli::Flags& flags) {
  RETURN_IF_ERROR(offline::CheckExists(files.disk(), path));
  std::unique_ptr<EtcdDatabase> opened(new EtcdDatabase(&files, path));
  ASSIGN_OR_RETURN(opened->file_, offline::OpenLocked(files, flags, path, runtime::OpenMode::kWrite,
                                                      "etcd runs on " + path));
  ASSIGN_OR_RETURN(const uint64_t bytes, opened->file_->Size());
  ASSIGN_OR_RETURN(opened->reader_, snap::BboltReader::Open(opened->file_.get(), path, bytes));
  return opened;
}

base::Status EtcdDatabase::ReplaceBy(snap::Source& source) {
  ASSIGN_OR_RETURN(const snap::Layout layout, snap::LayOutBbolt(source, reader_->meta().page_size));
  ASSIGN_OR_RETURN(auto made, runtime::NewFile::Beside(disk_, path_, kUnfinished));
  if (made.is_beside_another()) {
    logger_.Warn("a file of a command that was killed, or of somebody else, stays as it is",
                 {{"path", path_ + std::string(kUnfinished)}});
  }
  uint64_t offset = 0;
  RETURN_IF_ERROR(snap::WriteBbolt(source, layout, [&](base::ByteView piece) {
    return made.file().WriteAt(std::exchange(offset, offset + piece.size()), piece);
  }));
  RETURN_IF_ERROR(made.file().Sync());
  RETURN_IF_ERROR(made.Finish());
  return disk_.SyncDirectory(runtime::ParentPath(path_));
}

}  // namespace utl
