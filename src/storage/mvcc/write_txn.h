#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "storage/mvcc/key_range.h"
#include "storage/mvcc/read_pin.h"

namespace mvcc {

class Store;

// The changes of one request: they share a main revision, are numbered in the order they are
// made, and nobody else sees them before the end. Belongs to the apply loop. Changes go to the
// write buffer as they are made; the log entry must be ended there after this.
//
// An error (kDataLoss) means that a record which is needed cannot be read; the request is then
// half done, and the member cannot go on.
class WriteTxn {
 public:
  // Ends.
  ~WriteTxn();
  WriteTxn(WriteTxn&& other) noexcept;
  WriteTxn& operator=(WriteTxn&&) = delete;

  bool changed() const { return next_sub_ > 0; }
  // That of the changes if there are any, else the current one.
  base::Revision revision() const;

  // Returns the lease that the key had before, 0 for none: who attaches keys to leases has to
  // move it. `value` and `key` are copied.
  base::Result<base::LeaseId> Put(base::ByteView key, base::ByteView value, base::LeaseId lease);

  struct Deleted {
    base::Bytes key;
    base::LeaseId lease;  // that it had
  };
  // Deletes what exists in the range, in the order of the keys. Long ranges are deleted in slices,
  // between which readers run.
  base::Result<std::vector<Deleted>> DeleteRange(const KeyRange& range);

  // What the request sees: its own changes too. Ends before the next change.
  base::Result<std::unique_ptr<ReadPin>> Read() const;

 private:
  friend class Store;
  explicit WriteTxn(Store* store);

  base::Result<base::LeaseId> LeaseOf(Revision modified) const;
  void AppendTombstone(base::ByteView key);

  Store* store_;  // null once moved from
  int64_t main_;
  int64_t next_sub_ = 0;
};

}  // namespace mvcc
