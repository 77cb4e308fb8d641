#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/disk.h"
#include "storage/backend/backend.h"
#include "storage/backend/commit_delta.h"
#include "storage/backend/lmdb_backend.h"
#include "storage/backend/lmdb_environment.h"

namespace backend {

// A copy of the database without free pages, in the making and then in the place of the database:
//
//   Begin, Copy, { Replay }, TakePlace
//
// The copy is `path`.tmp until then. A crash leaves the database or the copy in place, each whole,
// and files that RemoveLeftovers removes. One thread at a time.
class LmdbRewrite {
 public:
  // `disk` outlives this; `progress` as of Backend::Defragment.
  static base::Result<std::unique_ptr<LmdbRewrite>> Begin(runtime::Disk* disk,
                                                          const std::string& path,
                                                          std::span<const std::string_view> buckets,
                                                          const LmdbOptions& options,
                                                          Backend::DefragmentProgress progress);
  // Removes the copy unless it has taken its place.
  ~LmdbRewrite();
  LmdbRewrite(const LmdbRewrite&) = delete;
  LmdbRewrite& operator=(const LmdbRewrite&) = delete;

  // kResourceExhausted if the disk has no room for a copy of so many bytes.
  static base::Status CheckRoom(runtime::Disk& disk, const std::string& path,
                                uint64_t in_use_bytes);
  // Makes an empty database, which appears durably under its name, or not at all.
  static base::Status MakeEmpty(runtime::Disk& disk, const std::string& path,
                                std::span<const std::string_view> buckets,
                                const LmdbOptions& options);
  // What unfinished rewrites of the database `path` left behind.
  static base::Status RemoveLeftovers(runtime::Disk& disk, const std::string& path);
  static std::string DeltaPath(const std::string& path);

  // Copies what a read transaction of `from` sees. Ends early if `delta` has failed.
  base::Status Copy(const LmdbEnvironment& from, MDB_txn* transaction, const CommitDelta& delta);
  // Makes the changes of `delta` until no more than `rest_bytes` of them are left.
  base::Status Replay(CommitDelta& delta, uint64_t rest_bytes);
  // Makes all that was copied and replayed durable.
  base::Status SyncToDisk() { return copy_->SyncToDisk(); }
  // Makes the last changes of `delta`, puts the copy in the place of the database and returns it.
  // Nobody may commit to the database meanwhile, or add to `delta`. Nothing has changed if it
  // fails. The file of `replaced`, the database, goes with it.
  base::Result<std::shared_ptr<LmdbEnvironment>> TakePlace(CommitDelta& delta,
                                                           LmdbEnvironment& replaced);
  // After TakePlace. Not OK: it cannot be told which of the two a crash would find, so that nothing
  // that is committed to the copy would be durable.
  const base::Status& in_doubt() const { return in_doubt_; }

 private:
  LmdbRewrite(runtime::Disk* disk, const std::string& path, Backend::DefragmentProgress progress);

  base::Result<bool> ReplayOne(CommitDelta& delta);
  base::Status PaceAndAsk();

  runtime::Disk& disk_;
  const std::string path_;
  const std::string copy_path_;
  Backend::DefragmentProgress progress_;
  std::shared_ptr<LmdbEnvironment> copy_;
  std::unique_ptr<runtime::File> file_;  // of the copy
  bool in_place_ = false;
  base::Status in_doubt_;
  Batch batch_;
  uint64_t copied_bytes_ = 0;
  uint64_t paced_bytes_ = 0;  // of these, on their way to the disk
};

}  // namespace backend
