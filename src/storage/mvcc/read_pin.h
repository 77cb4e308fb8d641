#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/time.h"
#include "storage/backend/backend.h"
#include "storage/mvcc/hasher.h"
#include "storage/mvcc/key_index.h"
#include "storage/mvcc/key_range.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/recent_revisions.h"

namespace mvcc {

class Reads;
class Store;
class WriteTxn;

struct RangeResult {
  // Encoded KeyValues, ascending by key, borrowed from the pin.
  std::vector<base::ByteView> key_values;
  uint64_t count = 0;  // keys of the range at this revision, whatever the limit
};

// One revision of the store, held still: {revision, compact revision, recent changes}, taken as
// one, and a snapshot of the database from when it is first needed, which the pins of a loop share.
// The snapshot may be younger than the rest, or as old as the last commit before it: the database
// only gains changes, which are above the revision, until something is removed, and no removal
// begins that a living pin could notice. Writes and compactions that come
// after are thus not seen. Compaction moves on at once for new pins, but is carried out only after
// this one has ended; and the database file grows while a snapshot lives. So pins are for as long
// as a request is being answered, and not for waiting: who waits for somebody, such as a slow
// receiver, drops the pin and takes another.
//
// One that gets older than Options.pin_age_max in a read of several steps is taken anew, at the
// same revision, by the next step; the step fails with kCompacted if that is gone by now. So a
// compaction waits for a reader that goes on no longer than that age and one step. The first step
// does not look, since it follows at once.
//
// Belongs to the thread of its Reads, before which it must end.
class ReadPin {
 public:
  ~ReadPin();
  ReadPin(const ReadPin&) = delete;
  ReadPin& operator=(const ReadPin&) = delete;

  base::Revision revision() const { return base::Revision(revision_); }
  // The encoded KeyValue of `key`, borrowed from the pin; nothing if the key does not exist.
  base::Result<std::optional<base::ByteView>> Get(base::ByteView key) const;
  // The keys of `range`, at most `limit` of them; 0 is no limit. kDataLoss if a record is damaged.
  // A read of several steps.
  base::Result<RangeResult> Range(const KeyRange& range, size_t limit) const;
  uint64_t Count(const KeyRange& range) const;
  // The same in steps, which are many if much was changed after this revision: adds the keys of a
  // part to `*count`, and returns where the rest begins; nothing if that was all.
  std::optional<base::Bytes> CountSlice(const KeyRange& range, uint64_t* count) const;
  // The next keys of `range` in a read of several steps: appends at most `max` and returns
  // whether there are more, which begin after the last key appended. What was borrowed before
  // lives on, even if the pin is taken anew.
  base::Result<bool> Slice(const KeyRange& range, size_t max,
                           std::vector<base::ByteView>* key_values) const;
  // The same without values and leases: from the index, so that a record is read only for a key
  // that was changed after this revision.
  base::Result<bool> SliceKeys(const KeyRange& range, size_t max,
                               std::vector<KeyValue>* keys) const;

  // Calls `visit` with the changes from main revision `from` (above the compact revision, or
  // equal to it) up to this one's, ascending, until it returns false.
  // A read of several steps: what is visited, and whatever was borrowed, lives until the next one.
  // kCompacted if changes that were not visited yet are compacted when the pin is taken anew.
  using ChangeVisitor = base::Callback<bool(const StoredChange&)>;
  base::Status History(base::Revision from, ChangeVisitor visit);

  // One step of that: visits at most `max` changes from `*next` on, until `visit` returns false,
  // and moves `*next` behind the last one that it took; behind this revision once it has all.
  // Whether there are more. Changes that were compacted meanwhile are still visited while they are
  // among the recent ones; kCompacted if they are not.
  using StepVisitor = std::function<bool(const StoredChange&)>;
  base::Result<bool> HistoryStep(Revision* next, size_t max, const StepVisitor& visit);

  // The hash of all keys at this revision, equal to that of etcd. A read of several steps, which
  // begins again if there was a compaction when the pin is taken anew; whatever was borrowed ends.
  base::Result<KeyValueHash> Hash();

 private:
  friend class Reads;
  friend class WriteTxn;

  // What keeps the revision as it is.
  struct Hold {
    int64_t compact_revision = 0;
    runtime::TimePoint taken;
    RecentView recent;
    uint64_t commit = 0;  // what is not in `recent` is in the database from this commit on
    std::shared_ptr<backend::Reader> database;  // null until it is needed
  };

  // `hold` was taken from `reads`.
  ReadPin(Reads* reads, int64_t revision, Hold hold);
  // Calls `visit` for the keys of `range`, with the index locked, until it returns false. Whether
  // the end was reached.
  bool Visit(const KeyRange& range, const KeyIndex::Visitor& visit) const;
  // Begins a step: takes the pin anew if it is of age.
  base::Status BeginStep() const;
  // The same when nothing is borrowed.
  base::Status BeginStepAlone();
  base::Result<base::ByteView> Fetch(Revision revision) const;
  // What the read is answered.
  base::Status Damaged(Revision revision, std::string_view what) const;
  base::Result<backend::Reader*> Database() const;
  // The changes from `from` on, until the end, a visitor that returns false, or a compaction that
  // comes between two steps; where it stopped in the last case.
  base::Result<std::optional<Revision>> ForEachChange(Revision from, ChangeVisitor& visit);
  enum class Visited { kMore, kEnd, kStopped };
  // One step: the next changes of the database, from `*next` on, which is moved.
  base::Result<Visited> VisitDatabase(Revision* next, ChangeVisitor& visit) const;
  // Nothing if there was a compaction in between.
  base::Result<std::optional<KeyValueHash>> TryHash();
  bool AnyExists() const;
  // Whether `change` is what the key has at `main`.
  bool IsInForce(Revision change, base::ByteView key, int64_t main) const;

  Reads& reads_;
  Store* const store_;
  const int64_t revision_;
  mutable Hold hold_;
  mutable std::vector<Hold> outlived_;  // what was borrowed from may not end
  mutable bool stepped_ = false;        // at least once
};

}  // namespace mvcc
