#include "runtime/posix/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "runtime/posix/file.h"

namespace runtime::posix {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

int Flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::kCreateOrTruncate:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

int OpenDescriptor(const std::string& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, kFileMode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

// A pipe's bytes cannot be read at an offset, and whoever opens one would wait for its other end.
bool IsPipe(int descriptor) {
  struct stat status;
  return ::fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

base::Result<std::unique_ptr<runtime::File>> Disk::Open(std::string_view path, OpenMode mode) {
  std::string name(path);
  const int descriptor = OpenDescriptor(name, Flags(mode));
  if (descriptor < 0) return base::ErrnoStatus(errno, path);
  if (IsPipe(descriptor)) {
    ::close(descriptor);
    return base::ErrnoStatus(ESPIPE, path);
  }
  return std::unique_ptr<runtime::File>(
      std::make_unique<File>(descriptor, std::move(name), syncing_ == Syncing::kOn));
}

base::Status Disk::Rename(std::string_view from, std::string_view to) {
  if (::rename(std::string(from).c_str(), std::string(to).c_str()) != 0) {
    return base::ErrnoStatus(errno, from);
  }
  return {};
}

base::Status Disk::Remove(std::string_view path) {
  if (::remove(std::string(path).c_str()) != 0) return base::ErrnoStatus(errno, path);
  return {};
}

base::Status Disk::RemoveAll(std::string_view path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return base::ErrnoStatus(error.value(), path);
  return {};
}

base::Status Disk::CreateDirectories(std::string_view path) {
  for (size_t end = 1; end <= path.size(); ++end) {
    if (end < path.size() && path[end] != '/') continue;
    const std::string prefix(path.substr(0, end));
    if (::mkdir(prefix.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      return base::ErrnoStatus(errno, prefix);
    }
  }
  struct stat info {};
  if (::stat(std::string(path).c_str(), &info) != 0) return base::ErrnoStatus(errno, path);
  if (!S_ISDIR(info.st_mode)) return base::ErrnoStatus(ENOTDIR, path);
  return {};
}

base::Result<std::vector<std::string>> Disk::List(std::string_view path) const {
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  std::vector<std::string> names;
  while (!error && entry != std::filesystem::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error) return base::ErrnoStatus(error.value(), path);
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<bool> Disk::Exists(std::string_view path) const {
  struct stat info {};
  if (::stat(std::string(path).c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return base::ErrnoStatus(errno, path);
}

base::Status Disk::SyncDirectory(std::string_view path) {
  if (syncing_ == Syncing::kOff) return {};
  const int descriptor = OpenDescriptor(std::string(path), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return base::ErrnoStatus(errno, path);
  const int error_number = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (error_number != 0) return base::ErrnoStatus(error_number, path);
  return {};
}

base::Result<uint64_t> Disk::FreeBytes(std::string_view path) const {
  struct statvfs info {};
  if (::statvfs(std::string(path).c_str(), &info) != 0) return base::ErrnoStatus(errno, path);
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

base::Result<uint64_t> Disk::TotalBytes(std::string_view path) const {
  struct statvfs info {};
  if (::statvfs(std::string(path).c_str(), &info) != 0) return base::ErrnoStatus(errno, path);
  return static_cast<uint64_t>(info.f_blocks) * info.f_frsize;
}

}  // namespace runtime::posix
