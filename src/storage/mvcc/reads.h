#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/ids.h"
#include "base/result.h"
#include "runtime/time.h"
#include "storage/backend/backend.h"
#include "storage/mvcc/hasher.h"
#include "storage/mvcc/pin_counts.h"
#include "storage/mvcc/read_pin.h"

namespace mvcc {

class Store;

// The reads of one loop: where its pins come from. The pins of a loop that look at the database as
// the same commit left it share one reader of it, however many they are: a loop has at most one
// reader for each commit that came while its oldest pin lived, and one within an idle moment; those
// of a turn share one even if none lives while the next is taken. Pins are counted here, so that
// taking one touches nothing that other loops touch but the store's reader-writer lock, held for a
// moment.
//
// One thread at a time, as are its pins, which end before it does; it ends before the store.
class Reads {
 public:
  explicit Reads(Store* store) : Reads(store, Readers::kOrdinary) {}
  ~Reads();
  Reads(const Reads&) = delete;
  Reads& operator=(const Reads&) = delete;

  // Pins `at`, 0 being the current revision. kFutureRevision or kCompacted.
  base::Result<std::unique_ptr<ReadPin>> Pin(base::Revision at);
  // HashKV at `at`, 0 being the current revision: what was computed while compacting to it, if
  // that is known, or else computed now. Compat: below 0 it is the hash of no records.
  base::Result<KeyValueHash> HashKv(base::Revision at);

  // Until EndTurn, which comes soon, the newest reader of the database is kept for further pins,
  // and they count as taken when the turn began.
  void BeginTurn();
  void EndTurn();

  Store& store() const { return *store_; }

 private:
  friend class ReadPin;
  friend class Store;
  friend class WriteTxn;

  enum class Readers { kOrdinary, kReserved };
  Reads(Store* store, Readers readers);

  // A new pin; of the current revision if it is 0.
  base::Result<std::unique_ptr<ReadPin>> NewPin(int64_t revision);
  // Takes what a pin of `*revision` holds, 0 becoming the current one; kCompacted if that is gone.
  base::Status Take(int64_t* revision, ReadPin::Hold* hold);
  void Release(const ReadPin::Hold& hold);
  // A reader of the database as commit `commit` left it, or a later one.
  base::Result<std::shared_ptr<backend::Reader>> Database(uint64_t commit);
  // What a read is answered that failed at the database. Apply is told what it is.
  base::Status Failed(const base::Status& status);
  bool AnyBefore(int64_t compact) const { return pins_.AnyBefore(compact); }

  Store* const store_;
  const Readers readers_;
  PinCounts pins_;
  // The newest that any pin still uses, and the commit that it is known to see.
  std::weak_ptr<backend::Reader> database_;
  uint64_t database_commit_ = 0;
  std::optional<runtime::TimePoint> turn_;  // when it began, within one
  std::shared_ptr<backend::Reader> kept_;   // the same as database_, within a turn
};

}  // namespace mvcc
