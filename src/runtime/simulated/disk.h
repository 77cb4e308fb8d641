#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "runtime/disk.h"
#include "runtime/random.h"
#include "runtime/simulated/disk_image.h"

namespace runtime::simulated {

// What a power failure leaves of the writes that no Sync covered.
enum class CrashMode {
  kDropUnsynced,  // none of them
  kKeepSome,      // any subset, sector by sector, chosen by the seed; so writes may be torn
};

// A file system in memory that forgets, as a real one may. Contents are durable once the file is
// synced. Names are durable in the order they were made (a journal), up to the last change of
// any directory that was synced. Any thread.
class Disk final : public runtime::Disk {
 public:
  explicit Disk(uint64_t seed);
  ~Disk() override;

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

  // Faults, chosen by the test.

  // Changes (writes, syncs, renames, ...) made so far.
  uint64_t operation_count() const;
  // The power fails in the middle of the `operations`-th change from now, 1 being the next: that
  // change may be half done, it and everything after it fail with kUnavailable until Restart.
  void FailPowerAfter(uint64_t operations);
  bool power_failed() const;
  // Ends every open file and leaves what `mode` keeps. Fails power first if it has not failed.
  void Restart(CrashMode mode);

  // The `operations`-th Sync or SyncDirectory from now fails once; what it covered stays unsynced.
  void FailSyncAfter(uint64_t operations);
  // Writes beyond this many bytes in all files, also removed ones that are still open, fail with
  // kResourceExhausted.
  void SetCapacity(uint64_t bytes);
  // Changes fail with kPermissionDenied.
  void SetReadOnly(bool read_only);
  // Inverts the bits of one byte, durably.
  void Corrupt(std::string_view path, uint64_t offset);

 private:
  friend class DiskFile;

  // A change of names: makes `path` refer to `inode`, or to nothing. Those of one operation (the
  // rename of a directory makes several) become durable together.
  struct NameChange {
    std::string path;
    std::shared_ptr<Inode> inode;
    uint64_t operation;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>, std::less<>>;

  // These expect mutex_ to be held.
  base::Status BeginChange(std::string_view subject);
  base::Status BeginSync(std::string_view subject);
  bool IsDirectory(std::string_view path) const;
  base::Status RequireParent(std::string_view path) const;
  static void Apply(const NameChange& change, Names* names);
  void Change(std::string path, std::shared_ptr<Inode> inode);
  // Removes the name; what it named goes on to take space while a file of it is open.
  void Unlink(std::string path);
  // The first `change_count` of the unsynced changes, and the rest of the last one's operation,
  // survive from here on.
  void MakeDurable(size_t change_count);
  uint64_t UsedBytes() const;
  // The entries below a directory.
  std::vector<std::string> Below(std::string_view directory) const;

  mutable std::mutex mutex_;
  Random random_;
  Names names_;
  Names durable_names_;
  std::set<std::shared_ptr<Inode>> unlinked_;  // without a name, but open
  std::vector<NameChange> unsynced_changes_;
  uint64_t operation_count_ = 0;
  uint64_t power_fails_in_ = 0;  // 0: does not
  uint64_t sync_fails_in_ = 0;   // 0: does not
  bool power_failed_ = false;
  bool read_only_ = false;
  uint64_t capacity_bytes_;
  // Raised by Restart, so that files opened earlier are known to be dead.
  uint64_t generation_ = 0;
};

}  // namespace runtime::simulated
