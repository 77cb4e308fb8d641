#include "storage/mvcc/record_table.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace mvcc {
namespace {

constexpr size_t kSlotsAtFirst = 1024;

uint32_t MarkOf(uint64_t hash) {
  return static_cast<uint32_t>(hash >> 32);
}

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

uint64_t RecordTable::HashOf(base::ByteView key) {
  return std::hash<std::string_view>()(key);
}

KeyRecord* RecordTable::FindOrAdd(uint64_t hash, base::ByteView key) {
  Slot* slot = Place(hash, key);
  if (slot->place != 0) return records_[slot->place - 1].get();
  if (4 * (records_.size() + 1) > 3 * slots_.size()) {
    Grow();
    slot = Place(hash, key);
  }
  CHECK(records_.size() < std::numeric_limits<uint32_t>::max());
  records_.push_back(KeyRecord::New(key));
  *slot = {MarkOf(hash), static_cast<uint32_t>(records_.size())};
  return records_.back().get();
}

RecordTable::Slot* RecordTable::Place(uint64_t hash, base::ByteView key) {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].place != 0 &&
         (slots_[at].mark != MarkOf(hash) || records_[slots_[at].place - 1]->key() != key)) {
    at = (at + 1) & mask;
  }
  return &slots_[at];
}

void RecordTable::Grow() {
  slots_.assign(2 * slots_.size(), Slot());
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < records_.size(); ++i) {
    const uint64_t hash = HashOf(records_[i]->key());
    size_t at = hash & mask;
    while (slots_[at].place != 0) at = (at + 1) & mask;
    slots_[at] = {MarkOf(hash), static_cast<uint32_t>(i + 1)};
  }
}

// Most keys differ in the eight bytes after what all of them share: these are compared first, and
// lie beside the pointers.
std::vector<KeyRecord::Owner> RecordTable::TakeSorted() {
  struct Headed {
    uint64_t head;
    KeyRecord* record;
  };
  slots_.assign(kSlotsAtFirst, Slot());
  std::vector<KeyRecord::Owner> sorted = std::exchange(records_, {});
  if (sorted.empty()) return sorted;
  size_t shared = sorted.front()->key().size();
  for (const auto& record : sorted) {
    shared = CommonPrefix(sorted.front()->key().substr(0, shared), record->key());
  }
  std::vector<Headed> headed;
  headed.reserve(sorted.size());
  for (auto& record : sorted) {
    headed.push_back({HeadOf(record->key(), shared), record.release()});
  }
  std::sort(headed.begin(), headed.end(), [](const Headed& a, const Headed& b) {
    return a.head != b.head ? a.head < b.head : a.record->key() < b.record->key();
  });
  for (size_t i = 0; i < headed.size(); ++i) sorted[i].reset(headed[i].record);
  return sorted;
}

}  // namespace mvcc
