#include "runtime/posix/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace runtime::posix {
namespace {

// How many pieces one pwritev takes.
constexpr size_t kPiecesPerCall = 64;

// Drops the first `written` bytes of `pieces`.
void Advance(size_t written, std::span<iovec>* pieces) {
  while (!pieces->empty() && written >= pieces->front().iov_len) {
    written -= pieces->front().iov_len;
    *pieces = pieces->subspan(1);
  }
  if (written > 0) {
    pieces->front().iov_base = static_cast<char*>(pieces->front().iov_base) + written;
    pieces->front().iov_len -= written;
  }
}

}  // namespace

File::~File() {
  ::close(descriptor_);
}

base::Status File::Failure(int error_number) const {
  return base::ErrnoStatus(error_number, path_);
}

base::Result<uint64_t> File::Size() const {
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) return Failure(errno);
  return static_cast<uint64_t>(info.st_size);
}

base::Status File::ReadAt(uint64_t offset, size_t size, base::Bytes* out) const {
  out->resize(size);
  size_t filled = 0;
  while (filled < size) {
    const ssize_t count = ::pread(descriptor_, out->data() + filled, size - filled,
                                  static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      out->clear();
      return Failure(errno);
    }
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  out->resize(filled);
  return {};
}

base::Status File::WriteAt(uint64_t offset, std::span<const base::ByteView> pieces) {
  while (!pieces.empty()) {
    std::array<iovec, kPiecesPerCall> vectors;
    const size_t count = std::min(pieces.size(), kPiecesPerCall);
    for (size_t i = 0; i < count; ++i) {
      vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    }
    std::span<iovec> left(vectors.data(), count);
    Advance(0, &left);
    while (!left.empty()) {
      const ssize_t written = ::pwritev(descriptor_, left.data(), static_cast<int>(left.size()),
                                        static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Failure(errno);
      offset += static_cast<uint64_t>(written);
      Advance(static_cast<size_t>(written), &left);
    }
    pieces = pieces.subspan(count);
  }
  return {};
}

base::Status File::Sync() {
  if (!syncs_) return {};
  // Not retried on failure: the kernel may have dropped the dirty pages, and a second call would
  // report success for bytes that are lost.
  if (::fdatasync(descriptor_) != 0) return Failure(errno);
  return {};
}

base::Status File::Truncate(uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return Failure(errno);
  return {};
}

base::Status File::Allocate(uint64_t size) {
  int error_number = EINTR;
  while (error_number == EINTR) {
    error_number = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(size));
  }
  if (error_number != 0) return Failure(error_number);
  return {};
}

base::Status File::StartWriteback(uint64_t offset, uint64_t size) {
  if (::sync_file_range(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(size),
                        SYNC_FILE_RANGE_WRITE) != 0) {
    return Failure(errno);
  }
  return {};
}

base::Status File::Lock() {
  int result = -1;
  do {
    result = ::flock(descriptor_, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return {};
  if (errno == EWOULDBLOCK) {
    return base::Status(base::Code::kUnavailable, path_ + ": locked by another process");
  }
  return Failure(errno);
}

}  // namespace runtime::posix
