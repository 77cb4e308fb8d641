#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "storage/mvcc/key_record.h"

namespace mvcc {

// Records by key while a store is opened: an open-addressing hash table with linear probing, which
// costs one cache miss a lookup and no allocation beside the records themselves.
class RecordTable {
 public:
  RecordTable();
  ~RecordTable();
  RecordTable(const RecordTable&) = delete;
  RecordTable& operator=(const RecordTable&) = delete;

  // The record of `key`, a fresh one if there was none.
  KeyRecord* FindOrAdd(base::ByteView key);
  // All records in the order of their keys; the table is empty after this.
  std::vector<KeyRecord::Owner> TakeSorted();

 private:
  struct Slot {
    uint64_t hash = 0;
    KeyRecord* record = nullptr;  // null: free
  };

  void Grow();
  Slot* Place(uint64_t hash, base::ByteView key);

  std::vector<Slot> slots_;  // a power of two of them, at most 3/4 in use
  size_t size_ = 0;
};

}  // namespace mvcc
