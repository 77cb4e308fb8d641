#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/environment.h"
#include "server/options.h"
#include "server/progress.h"

namespace server {

// Whether the disks of the database and of the log have room, as Progress::disk_is_low and
// disk_free say: a disk is low with less free than Options::disk_reserve_bytes, or an eighth of a
// small one, beside what is applied and not in the database yet; and then until a ninth of that
// more is free. Any thread.
class DiskRoom {
 public:
  // Both outlive this.
  DiskRoom(const Options& options, const Environment& environment, Progress* progress);

  // Asks the disks, which takes microseconds. What they do not tell stays as it was.
  void Measure();
  // So much was written to the log: it asks once a megabyte. On the WAL loop.
  void Wrote(uint64_t bytes);
  bool is_low() const { return progress_.disk_is_low; }
  // Whether there is room for an alarm to be taken back.
  bool is_roomy() const { return is_roomy_; }

 private:
  // Of one disk, in bytes.
  struct Room {
    uint64_t free = 0;
    uint64_t reserve = 0;
  };
  base::Result<Room> RoomAt(const std::string& path) const;

  const Options options_;
  const Environment environment_;
  Progress& progress_;
  const std::vector<std::string> paths_;  // of the disks
  uint64_t unmeasured_ = 0;               // written since it asked
  std::atomic<bool> is_roomy_ = true;
};

}  // namespace server
