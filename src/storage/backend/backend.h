#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/result.h"
#include "base/status.h"
#include "storage/backend/batch.h"

namespace backend {

// Walks the records of one bucket in the order of their keys: bytewise, except that keys which
// agree in their first 479 bytes are in no particular order among themselves if one of them has
// more than 510.
class Cursor {
 public:
  virtual ~Cursor() = default;
  // To the first record whose key is not less than `key`; an empty one means the first of all.
  virtual base::Status Seek(base::ByteView key) = 0;
  virtual base::Status SeekToLast() = 0;
  virtual base::Status Next() = 0;
  // From a record to the one before it; past the beginning there is none.
  virtual base::Status Previous() = 0;
  // Whether there is a record here; false past both ends and after an error.
  virtual bool valid() const = 0;
  // Borrowed from the Reader until it ends; keys until the cursor moves.
  virtual base::ByteView key() const = 0;
  virtual base::ByteView value() const = 0;
  // Takes what the cursor passed out of this process's memory, where it is part of a mapped file;
  // it stays in the page cache and what was borrowed stays valid. For scans of everything, after
  // every some ten megabytes.
  virtual void DropPassed() = 0;
};

// The database as one commit left it, whatever is committed after. One thread at a time. A reader
// of LMDB that lives long makes the file grow, since pages freed after it cannot be used again.
class Reader {
 public:
  virtual ~Reader() = default;
  // The value, borrowed until the Reader ends; nothing without such a key. kDataLoss, naming the
  // record, if the checksum of the record is wrong.
  virtual base::Result<std::optional<base::ByteView>> Get(BucketId bucket, base::ByteView key) = 0;
  // Must end before the Reader.
  virtual std::unique_ptr<Cursor> NewCursor(BucketId bucket) = 0;
};

// Looks at what leads to the records of a database, as one commit left it, some of it at a time.
// It counts as a reader. One thread at a time, which blocks on the disk.
class StructureCheck {
 public:
  virtual ~StructureCheck() = default;
  // Goes on over about so many bytes; returns how many there were, 0 when nothing is left.
  // kDataLoss, naming file and page, for what is damaged; then it has ended.
  virtual base::Result<uint64_t> Step(uint64_t bytes) = 0;
};

// At one time, in all threads.
inline constexpr size_t kReadersMax = 4096;
inline constexpr size_t kReservedReaders = 64;

// Called with the damage that a read has met, on its thread, each time. Whether the owner is about
// to make it good: then what met it may succeed later, and elsewhere at once.
using OnDamage = std::function<bool(const base::Status& damage)>;

// What a database takes of the disk, in bytes.
struct Sizes {
  uint64_t allocated = 0;  // the used high-water of the file
  uint64_t in_use = 0;     // the same without free pages
};

// Buckets of records: the state that survives a restart. Each record has a checksum of its key
// and value, which is verified when it is read.
class Backend {
 public:
  virtual ~Backend() = default;

  // Any thread. kResourceExhausted with too many readers.
  virtual base::Result<std::unique_ptr<Reader>> NewReader() = 0;
  // A reader for what must not fail because others read: applying entries, removing records. Places
  // for kReservedReaders of them are kept free, however many others there are.
  virtual base::Result<std::unique_ptr<Reader>> NewReservedReader() = 0;

  // Null if nothing leads to the records, as in memory. Any thread. kResourceExhausted with too
  // many readers; kDataLoss as its steps; kUnavailable if it cannot begin now.
  virtual base::Result<std::unique_ptr<StructureCheck>> NewStructureCheck() = 0;

  // Makes all changes of the batch, or none. Durable when it returns OK; readers from then on see
  // them. One thread at a time (the backend thread), which blocks on the disk. After an error
  // nothing of the batch is seen and it may be tried again, but whether a write error can be
  // survived is for the caller to say.
  virtual base::Status Commit(const Batch& batch) = 0;

  // Told every few megabytes how many bytes of records were copied so far; false ends the work.
  // It may use the backend.
  using DefragmentProgress = base::Callback<bool(uint64_t copied_bytes)>;

  // Gives what free pages take back to the disk: makes a copy without them, beside the database,
  // and puts it in its place. Blocks for as long as that takes, on any thread but that of the
  // commits, which go on; readers see what they saw, and keep the old file until they end.
  // What is committed meanwhile is kept and made on the copy, until little is left of it: the one
  // moment in which Commit waits is for that rest, one sync and a rename. Writing is paced.
  //
  // If it fails nothing has changed: kCanceled after `progress` said so; kFailedPrecondition while
  // another is under way; kResourceExhausted if the disk has no room for a copy, saying how much
  // is needed, or if more was committed meanwhile than may be kept; kDataLoss, naming the record,
  // if one is damaged. If it fails when the copy is in place already, because that cannot be made
  // durable, so does every further Commit.
  virtual base::Status Defragment(DefragmentProgress progress) = 0;

  // The database's name is about to be another one's: no copy of this one takes it from now on, and
  // a defragmentation that is under way ends with kCanceled. Everything else goes on. Any thread.
  virtual void GiveUpName() = 0;

  // As of the last commit. Any thread.
  virtual Sizes sizes() const = 0;
  // Readers of the database, without those of a file that was replaced. Any thread.
  virtual size_t open_readers() const = 0;

  // Tells the owner of the database that a read has met damage, which `damage` names; answers as
  // OnDamage. Any thread.
  virtual bool ReportDamage(const base::Status& damage) = 0;
};

}  // namespace backend
