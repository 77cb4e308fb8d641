#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/time.h"

namespace observe {

// When a log file is full, and what becomes of full ones. Compat: as lumberjack, which etcd uses,
// has it.
struct Rotation {
  uint64_t max_size_megabytes = 100;
  // Full files that are kept; 0 for all.
  uint64_t max_backups = 0;
  // Full files that are older are removed; 0 for never.
  uint64_t max_age_days = 0;
  // Their names have local time instead of UTC.
  bool local_time = false;
  // They are compressed with gzip: `.gz` is added to their names.
  bool compress = false;
};

// The full files of one log file, beside it: of etcd.log as etcd-2026-05-01T10-00-00.123.log, which
// says when it was full. No two threads at a time.
class LogBackups {
 public:
  LogBackups(std::string path, const Rotation& rotation);

  // The name of the next one; none has it yet.
  std::string NextPath(runtime::WallTime now) const;

  // Removes those that are too many or too old, and compresses the rest. What cannot be done now is
  // done the next time; a file is there whole until all of it is compressed. Ends early, and leaves
  // nothing half done, once `stop` is set.
  void Tidy(runtime::WallTime now, const std::atomic<bool>& stop) const;

 private:
  struct Backup;

  std::string PathAt(runtime::WallTime time) const;
  // Those that there are, the youngest first.
  std::vector<Backup> List() const;

  const std::string path_;
  const std::string stem_;       // up to the time
  const std::string extension_;  // behind it
  const Rotation rotation_;
};

}  // namespace observe
