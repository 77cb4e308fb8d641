#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/status.h"

namespace runtime {

// An open file. One owner, any thread at a time. Calls block; errors name the path.
class File {
 public:
  // Closes without syncing; releases the lock if this File holds one.
  virtual ~File() = default;

  virtual base::Result<uint64_t> Size() const = 0;
  // Fills `*out` with up to `size` bytes from `offset`; fewer only at the end of the file.
  virtual base::Status ReadAt(uint64_t offset, size_t size, base::Bytes* out) const = 0;
  // Writes the pieces one after another from `offset`, all or an error; after an error any part
  // may have been written. Not durable until Sync.
  virtual base::Status WriteAt(uint64_t offset, std::span<const base::ByteView> pieces) = 0;
  base::Status WriteAt(uint64_t offset, base::ByteView bytes) {
    return WriteAt(offset, std::span(&bytes, 1));
  }
  // Durable when it returns: the bytes written so far and the size (fdatasync).
  virtual base::Status Sync() = 0;
  virtual base::Status Truncate(uint64_t size) = 0;
  // Reserves blocks so that the file has at least `size` bytes, which read as zeros.
  virtual base::Status Allocate(uint64_t size) = 0;
  // Starts writing out [offset, offset + size) without waiting for durability: paces bulk I/O.
  virtual base::Status StartWriteback(uint64_t offset, uint64_t size) = 0;
  // Takes the exclusive advisory lock on the file, or fails with kUnavailable if another open
  // file holds it. Held until the File is destroyed or the process ends.
  virtual base::Status Lock() = 0;
};

enum class OpenMode {
  kRead,              // existing, read only
  kWrite,             // existing, read and write
  kCreate,            // must not exist yet; mode 0600, read and write
  kCreateOrTruncate,  // empty afterwards; mode 0600, read and write
};

// A file system. Any thread. Calls block; errors name the path. A name that was created, renamed
// or removed is durable only after SyncDirectory on its parent.
class Disk {
 public:
  virtual ~Disk() = default;

  virtual base::Result<std::unique_ptr<File>> Open(std::string_view path, OpenMode mode) = 0;
  // Replaces `to` if it exists.
  virtual base::Status Rename(std::string_view from, std::string_view to) = 0;
  virtual base::Status Remove(std::string_view path) = 0;
  // Removes a directory and all below it; OK if there is none.
  virtual base::Status RemoveAll(std::string_view path) = 0;
  // Creates the directory and its missing parents, mode 0700; OK if it exists.
  virtual base::Status CreateDirectories(std::string_view path) = 0;
  // The names in a directory, sorted, without "." and "..".
  virtual base::Result<std::vector<std::string>> List(std::string_view path) const = 0;
  // False only if there is none for sure; an error if that cannot be told.
  virtual base::Result<bool> Exists(std::string_view path) const = 0;
  virtual base::Status SyncDirectory(std::string_view path) = 0;
  // The space left for unprivileged writers, and the space in all, in bytes.
  virtual base::Result<uint64_t> FreeBytes(std::string_view path) const = 0;
  virtual base::Result<uint64_t> TotalBytes(std::string_view path) const = 0;
};

// Reads a whole file; for small ones.
base::Result<base::Bytes> ReadFile(Disk& disk, std::string_view path);

// Truncates a large file in steps, since a file system may hold up everybody's syncs for as long as
// it takes to give back what one step frees.
base::Status TruncateByPieces(File& file, uint64_t size);

// "dir/name".
std::string JoinPath(std::string_view directory, std::string_view name);
// The directory that a path's last name is in: of "name" that is ".", of "/name" "/".
std::string ParentPath(std::string_view path);

}  // namespace runtime
