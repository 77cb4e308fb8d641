#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "runtime/simulated/disk.h"
#include "storage/backend/backend.h"
#include "storage/backend/memory_backend.h"

namespace sim {

// What of a member survives its processes: its disk, and its databases, each of which keeps the
// batches that were committed. They lie beside the disk, on which a small file stands for each of
// them: so the power can fail at a commit and at a move, and a database is wherever its file is.
class Storage {
 public:
  explicit Storage(uint64_t seed) : disk_(seed) {}

  runtime::simulated::Disk& disk() { return disk_; }

  // As server::Environment's.
  base::Result<std::unique_ptr<backend::Backend>> OpenBackend(const std::string& path,
                                                              backend::OnDamage on_damage);
  base::Status MoveBackend(const std::string& from, const std::string& to);
  // The database there, if there is one, cannot be opened from now on: it is damaged.
  void DamageDatabase(const std::string& path);
  // Puts a database there, durably and whole or not at all.
  base::Status Receive(const std::string& path, std::shared_ptr<backend::MemoryDatabase> database);

 private:
  base::Status Name(const std::string& path, uint64_t number);
  base::Result<uint64_t> NumberAt(const std::string& path);

  runtime::simulated::Disk disk_;
  // By the numbers that their files hold.
  std::map<uint64_t, std::shared_ptr<backend::MemoryDatabase>> databases_;
  std::set<uint64_t> damaged_;  // of them
};

// A copy of what `reader` sees.
std::shared_ptr<backend::MemoryDatabase> CopyOf(backend::Reader& reader);

}  // namespace sim
