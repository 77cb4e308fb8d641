#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/result.h"
#include "runtime/disk.h"
#include "storage/backend/batch.h"
#include "storage/spool/spool.h"

namespace backend {

// The batches that are committed while the database is being copied, until they are replayed on
// the copy: some in memory, more in an unlinked file, up to a bound. One thread adds, one takes.
class CommitDelta {
 public:
  // `disk` outlives this; `path` is where the file is made if it is needed. Not more than
  // `bytes_max` are kept at a time.
  CommitDelta(runtime::Disk* disk, std::string path, uint64_t bytes_max);

  // Never fails, since the commit must not: once a batch could not be kept, no other is either,
  // and Take says so.
  void Add(const Batch& batch);
  // Replaces `*batch` by the oldest one; false if there is none. kResourceExhausted if there were
  // too many bytes to keep, the disk's error if that could not take them.
  base::Result<bool> Take(Batch* batch);
  // Added and not yet taken.
  uint64_t pending_bytes() const;
  // Why not all of them could be kept; OK if they were.
  base::Status failure() const;

 private:
  base::Status ReadExactly(size_t size, base::Bytes* out);

  const uint64_t bytes_max_;
  spool::Spool spool_;
  mutable std::mutex mutex_;
  uint64_t pending_bytes_ = 0;  // guarded by mutex_
  base::Status failure_;        // guarded by mutex_
};

}  // namespace backend
