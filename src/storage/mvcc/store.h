#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/time.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/hasher.h"
#include "storage/mvcc/key_index.h"
#include "storage/mvcc/reads.h"
#include "storage/mvcc/recent_revisions.h"
#include "storage/mvcc/store_lock.h"

namespace mvcc {

class WriteTxn;

// The keys and their history: an index in memory, recent changes in memory, everything in the
// database. Writes, compaction and commits belong to the apply loop; other threads read through a
// Reads of their own. The lock is held for at most a slice of work (some hundred keys); what a
// write does becomes visible as a whole, when its main revision is published at its end.
class Store {
 public:
  struct Options {
    runtime::Duration pin_age_max = std::chrono::seconds(10);
    // Changes that are in the database already and still held in memory.
    size_t history_bytes = size_t{32} << 20;
    // Records looked at by one step of a compaction; each costs one to two microseconds.
    size_t compaction_slice = 256;
    // Keys looked at under one hold of the lock.
    size_t lock_slice = 256;
    // Changes read from the database in one step of a history or a hash.
    size_t history_slice = 1024;
  };
  // Calls for each key that has a lease.
  using LeaseVisitor = base::Callback<void(base::ByteView key, base::LeaseId lease)>;

  // Reads the index from the database, whose changes go through `buffer`; all three outlive the
  // store. kDataLoss, naming the record, for one that cannot be believed.
  static base::Result<std::unique_ptr<Store>> Open(backend::Backend* database,
                                                   backend::WriteBuffer* buffer,
                                                   const runtime::Clock* clock, Options options,
                                                   LeaseVisitor visit_lease);
  ~Store();

  // Any thread.

  // The current revision; 1 in an empty store.
  base::Revision revision() const { return base::Revision(current_.load()); }
  // The newest compaction that was asked for; -1 if none ever was. It need not be finished.
  base::Revision compact_revision() const { return base::Revision(compact_.load()); }
  // What was computed while compacting to `at`, if that is known.
  std::optional<KeyValueHash> CompactionHash(base::Revision at) const;
  // The hashes of the last ten compactions, oldest first.
  std::vector<KeyValueHash> compaction_hashes() const;

  // The apply loop.

  // The reads of the apply loop, which have readers of the database whoever else reads.
  Reads& apply_reads() { return apply_reads_; }
  // The only one at a time.
  WriteTxn Write();
  // Compacts to `at`: older revisions can no longer be read, from now on. Removing them is the
  // work of CompactionStep. kCompacted or kFutureRevision.
  base::Status Compact(base::Revision at);
  // Does a slice of the removal, if it can: not before what is to be removed has been committed,
  // nor while pins from before the compaction live. False when there is nothing left to do.
  base::Result<bool> CompactionStep();
  // Whether a removal has begun and not ended.
  bool is_compacting() const { return compaction_.has_value(); }
  // The newest compaction that is finished and whose last changes are cut for commit; -1 if none.
  base::Revision finished_compact_revision() const { return base::Revision(finished_compact_); }

  // Records that compactions have removed since the start.
  uint64_t removed_records() const { return removed_records_; }

  // A batch on its way to the database.
  struct Commit {
    std::unique_ptr<backend::Batch> batch;
    base::Revision revision;  // all changes up to this one are in the database with it
  };
  // The next batch if it is due, or if there is anything in it and `force`; not while another is
  // out. It must go through Backend::Commit, on any thread, and back to Committed.
  std::optional<Commit> TakeCommit(bool force);
  void Committed(Commit commit);

 private:
  friend class ReadPin;
  friend class Reads;
  friend class WriteTxn;
  friend class Restorer;

  // A removal under way.
  struct Compaction {
    int64_t to = 0;
    int64_t previous = 0;    // the compact revision before
    Revision next;           // records below were looked at
    bool hash_whole = true;  // the removal before was finished, so the hash means something
    Hasher hasher;
  };

  Store(backend::Backend* database, backend::WriteBuffer* buffer, const runtime::Clock* clock,
        Options options);

  void AddReads(const Reads* reads);
  void RemoveReads(const Reads* reads);
  // Whether any pin lives that was taken before the compaction to `compact`.
  bool AnyPinBefore(int64_t compact) const;
  void Publish(int64_t main);

  bool CanRemove() const;
  base::Result<bool> RemoveSlice();
  void RemoveOrKeep(Revision revision, bool is_tombstone, base::ByteView key);
  void FinishCompaction();
  void PutMarker(std::string_view name, int64_t main);

  backend::Backend* const database_;
  backend::WriteBuffer* const buffer_;
  const runtime::Clock* const clock_;
  const Options options_;

  mutable StoreLock lock_;
  // Written under lock_ held alone; read under lock_ or on the apply loop.
  KeyIndex index_;
  RecentRevisions recent_;
  // Written under lock_ held alone, so that a pin takes them together with the rest.
  std::atomic<int64_t> current_ = 1;
  std::atomic<int64_t> compact_ = -1;
  // Batches that are in the database and whose changes may be gone from recent_.
  std::atomic<uint64_t> commits_ = 0;

  mutable std::mutex reads_mutex_;
  std::vector<const Reads*> reads_;  // guarded by reads_mutex_
  mutable std::mutex hashes_mutex_;
  std::map<int64_t, KeyValueHash> hashes_;  // by revision

  // The apply loop's.
  bool writing_ = false;
  int64_t durable_ = 1;  // all changes up to here are in the database
  int64_t finished_compact_ = -1;
  int64_t hashed_compact_ = -1;  // compact revision before the newest one
  bool hash_whole_ = true;
  std::optional<Compaction> compaction_;
  uint64_t removed_records_ = 0;
  Reads apply_reads_;
};

}  // namespace mvcc
