#include "runtime/disk.h"

namespace runtime {

base::Result<base::Bytes> ReadFile(Disk& disk, std::string_view path) {
  ASSIGN_OR_RETURN(auto file, disk.Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  base::Bytes bytes;
  RETURN_IF_ERROR(file->ReadAt(0, size, &bytes));
  return bytes;
}

base::Status TruncateByPieces(File& file, uint64_t size) {
  constexpr uint64_t kPieceBytes = 16 << 20;
  ASSIGN_OR_RETURN(uint64_t left, file.Size());
  while (left > size) {
    left = left - size > kPieceBytes ? left - kPieceBytes : size;
    RETURN_IF_ERROR(file.Truncate(left));
  }
  return {};
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

std::string ParentPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

}  // namespace runtime
