#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/callback.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/time.h"
#include "storage/backend/backend.h"
#include "storage/mvcc/hasher.h"
#include "storage/mvcc/key_range.h"
#include "storage/mvcc/recent_revisions.h"

namespace mvcc {

class Store;
class WriteTxn;

struct RangeResult {
  // Encoded KeyValues, ascending by key, borrowed from the pin.
  std::vector<base::ByteView> key_values;
  uint64_t count = 0;  // keys of the range at this revision, whatever the limit
};

// One revision of the store, held still: {revision, compact revision, recent changes}, taken as
// one, and a snapshot of the database from when it is first needed. The snapshot may be younger
// than the rest: the database only gains changes, which are above the revision, until something is
// removed, and no removal begins that a living pin could notice. Writes and compactions that come
// after are thus not seen. Compaction moves on at once for new pins, but is carried out only after
// this one has ended; and the database file grows while a snapshot lives. So pins are for as long
// as a request is being answered: one that is older than Options.pin_age_max should be renewed.
//
// One thread at a time; it must end before the store does.
class ReadPin {
 public:
  ~ReadPin();
  ReadPin(const ReadPin&) = delete;
  ReadPin& operator=(const ReadPin&) = delete;

  base::Revision revision() const { return base::Revision(revision_); }
  // Whether it is older than it may become.
  bool expired() const;
  // Takes a new pin of the same revision in place of this one; everything borrowed ends. Fails
  // with kCompacted if the revision was compacted meanwhile; the pin can then only be dropped.
  base::Status Renew();

  // The encoded KeyValue of `key`, borrowed from the pin; nothing if the key does not exist.
  base::Result<std::optional<base::ByteView>> Get(base::ByteView key) const;
  // The keys of `range`, at most `limit` of them; 0 is no limit. kDataLoss if a record is damaged.
  base::Result<RangeResult> Range(const KeyRange& range, size_t limit) const;
  uint64_t Count(const KeyRange& range) const;
  // The next keys of `range` in a read of several steps: appends at most `max` and returns
  // whether there are more, which begin after the last key appended.
  base::Result<bool> Slice(const KeyRange& range, size_t max,
                           std::vector<base::ByteView>* key_values) const;

  // Calls `visit` with the changes from main revision `from` (above the compact revision, or
  // equal to it) up to this one's, ascending, until it returns false.
  using ChangeVisitor = base::Callback<bool(const StoredChange&)>;
  base::Status History(base::Revision from, ChangeVisitor visit) const;

  // The hash of all keys at this revision, equal to that of etcd.
  base::Result<KeyValueHash> Hash() const;

 private:
  friend class Store;
  friend class WriteTxn;

  ReadPin(Store* store, int64_t revision) : store_(store), revision_(revision) {}
  base::Result<base::ByteView> Fetch(Revision revision) const;
  base::Result<backend::Reader*> Database() const;
  base::Status ForEachChange(Revision from, ChangeVisitor& visit) const;

  Store* const store_;
  // Set by Store::Attach; a revision of 0 becomes the current one there.
  int64_t revision_;
  int64_t compact_revision_ = 0;
  runtime::TimePoint taken_;
  RecentView recent_;
  bool attached_ = false;
  mutable std::unique_ptr<backend::Reader> database_;  // null until it is needed
};

}  // namespace mvcc
