#include "storage/backend/write_failure.h"

#include <cerrno>

#include "base/bytes.h"

namespace backend {
namespace {

constexpr size_t kPageBytes = 4096;

base::Status WriteOnePageMore(runtime::Disk& disk, const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, disk.Open(path, runtime::OpenMode::kWrite));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  const base::Status written = file->WriteAt(size, base::Bytes(kPageBytes, '\0'));
  // What is behind the last page of a commit has no meaning, so it does no harm if it stays.
  file->Truncate(size).IgnoreError();
  return written;
}

}  // namespace

base::Status WriteFailure(runtime::Disk& disk, const std::string& path,
                          const base::Status& failed) {
  if (failed != base::ErrnoStatus(EIO, path)) return failed;
  const base::Status cause = WriteOnePageMore(disk, path);
  return cause.ok() ? failed : cause;
}

}  // namespace backend
