#pragma once

#include "runtime/disk.h"

namespace runtime::posix {

// The machine's file system, through POSIX calls. Interrupted calls are retried.
class Disk final : public runtime::Disk {
 public:
  // Whether syncs wait for the device. Without that what was written survives the process, but not
  // the machine.
  enum class Syncing : bool { kOff, kOn };
  explicit Disk(Syncing syncing = Syncing::kOn) : syncing_(syncing) {}

  base::Result<std::unique_ptr<File>> Open(std::string_view path, OpenMode mode) override;
  base::Status Rename(std::string_view from, std::string_view to) override;
  base::Status Remove(std::string_view path) override;
  base::Status RemoveAll(std::string_view path) override;
  base::Status CreateDirectories(std::string_view path) override;
  base::Result<std::vector<std::string>> List(std::string_view path) const override;
  base::Result<bool> Exists(std::string_view path) const override;
  base::Status SyncDirectory(std::string_view path) override;
  base::Result<uint64_t> FreeBytes(std::string_view path) const override;
  base::Result<uint64_t> TotalBytes(std::string_view path) const override;

 private:
  const Syncing syncing_;
};

}  // namespace runtime::posix
