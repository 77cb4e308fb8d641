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
  RecordTable(const RecordTable&) = delete;
  RecordTable& operator=(const RecordTable&) = delete;

  static uint64_t HashOf(base::ByteView key);
  // Begins to fetch what FindOrAdd looks at: worth it a dozen keys ahead.
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }
  // The record of `key`, which has this hash; a fresh one if there was none.
  KeyRecord* FindOrAdd(uint64_t hash, base::ByteView key);
  // All records in the order of their keys; the table is empty after this.
  std::vector<KeyRecord::Owner> TakeSorted();

 private:
  struct Slot {
    uint32_t mark = 0;   // the hash's upper half
    uint32_t place = 0;  // in records_, from 1 on; 0: free
  };

  void Grow();
  Slot* Place(uint64_t hash, base::ByteView key);

  std::vector<Slot> slots_;  // a power of two of them, at most 3/4 in use
  // As they were added, which is how they lie in memory.
  std::vector<KeyRecord::Owner> records_;
};

}  // namespace mvcc
