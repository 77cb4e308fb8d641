#include "storage/mvcc/record_table.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace mvcc {
namespace {

constexpr size_t kSlotsAtFirst = 1024;

// The eight bytes of `key` after `skipped`, big-endian, zeros where it ends.
uint64_t HeadOf(base::ByteView key, size_t skipped) {
  char bytes[8] = {};
  if (key.size() > skipped) key.copy(bytes, sizeof bytes, skipped);
  return base::Load64Be(bytes);
}

size_t CommonPrefix(base::ByteView a, base::ByteView b) {
  const size_t limit = std::min(a.size(), b.size());
  return static_cast<size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(limit), b.begin()).first -
      a.begin());
}

}  // namespace

RecordTable::RecordTable() : slots_(kSlotsAtFirst) {}

RecordTable::~RecordTable() {
  for (const Slot& slot : slots_) KeyRecord::Deleter()(slot.record);
}

KeyRecord* RecordTable::FindOrAdd(base::ByteView key) {
  const uint64_t hash = std::hash<std::string_view>()(key);
  Slot* slot = Place(hash, key);
  if (slot->record != nullptr) return slot->record;
  if (4 * (size_ + 1) > 3 * slots_.size()) {
    Grow();
    slot = Place(hash, key);
  }
  ++size_;
  *slot = {hash, KeyRecord::New(key).release()};
  return slot->record;
}

RecordTable::Slot* RecordTable::Place(uint64_t hash, base::ByteView key) {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].record != nullptr &&
         (slots_[at].hash != hash || slots_[at].record->key() != key)) {
    at = (at + 1) & mask;
  }
  return &slots_[at];
}

void RecordTable::Grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.record == nullptr) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].record != nullptr) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

// Most keys differ in the eight bytes after what all of them share: these are compared first, and
// lie beside the pointers.
std::vector<KeyRecord::Owner> RecordTable::TakeSorted() {
  struct Headed {
    uint64_t head;
    KeyRecord* record;
  };
  std::vector<Headed> headed;
  headed.reserve(size_);
  size_t shared = 0;
  for (const Slot& slot : slots_) {
    if (slot.record == nullptr) continue;
    const base::ByteView key = slot.record->key();
    shared = headed.empty() ? key.size()
                            : CommonPrefix(headed.front().record->key().substr(0, shared), key);
    headed.push_back({0, slot.record});
  }
  slots_ = std::vector<Slot>(kSlotsAtFirst);
  size_ = 0;
  for (Headed& entry : headed) entry.head = HeadOf(entry.record->key(), shared);
  std::sort(headed.begin(), headed.end(), [](const Headed& a, const Headed& b) {
    return a.head != b.head ? a.head < b.head : a.record->key() < b.record->key();
  });
  std::vector<KeyRecord::Owner> sorted;
  sorted.reserve(headed.size());
  for (const Headed& entry : headed) sorted.emplace_back(entry.record);
  return sorted;
}

}  // namespace mvcc
