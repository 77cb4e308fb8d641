#include "storage/mvcc/key_index_node.h"

#include <algorithm>

namespace mvcc {
namespace {

size_t CommonPrefix(base::ByteView a, base::ByteView b, size_t limit) {
  limit = std::min({limit, a.size(), b.size()});
  size_t common = 0;
  while (common < limit && a[common] == b[common]) ++common;
  return common;
}

}  // namespace

uint64_t KeyIndex::Leaf::Head(base::ByteView key, size_t shared_bytes) {
  char bytes[8] = {};
  if (key.size() > shared_bytes) key.copy(bytes, sizeof bytes, shared_bytes);
  return base::Load64Be(bytes);
}

size_t KeyIndex::Leaf::LowerBound(base::ByteView key) const {
  if (count == 0) return 0;
  if (shared_bytes != 0) {
    const base::ByteView shared = records[0]->key().substr(0, shared_bytes);
    const int order = key.substr(0, shared_bytes).compare(shared);
    if (order != 0) return order < 0 ? 0 : count;
  }
  return LowerBoundByHead(key);
}

// A key that does not begin with the shared bytes is in no place, so any will do.
KeyRecord* KeyIndex::Leaf::Find(base::ByteView key) const {
  const size_t place = LowerBoundByHead(key);
  return Holds(place, key) ? records[place] : nullptr;
}

// In a large index hardly anything of a leaf is in a cache: its heads come all at once, not one
// after the other as the search gets to them.
size_t KeyIndex::Leaf::LowerBoundByHead(base::ByteView key) const {
  constexpr size_t kHeadsOfALine = 64 / sizeof(uint64_t);
  for (size_t i = 0; i < count; i += kHeadsOfALine) __builtin_prefetch(&heads[i]);
  const uint64_t head = Head(key, shared_bytes);
  size_t low = 0;
  size_t high = count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const bool is_less =
        heads[middle] != head ? heads[middle] < head : records[middle]->key() < key;
    if (is_less) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void KeyIndex::Leaf::Insert(size_t place, KeyRecord* record) {
  const size_t shared = count == 0 ? record->key().size()
                                   : CommonPrefix(record->key(), records[0]->key(), shared_bytes);
  std::copy_backward(heads.begin() + place, heads.begin() + count, heads.begin() + count + 1);
  std::copy_backward(records.begin() + place, records.begin() + count, records.begin() + count + 1);
  records[place] = record;
  ++count;
  if (count == 1 || shared != shared_bytes) {
    shared_bytes = static_cast<uint32_t>(shared);
    for (size_t i = 0; i < count; ++i) heads[i] = Head(records[i]->key(), shared_bytes);
  } else {
    heads[place] = Head(record->key(), shared_bytes);
  }
}

void KeyIndex::Leaf::Erase(size_t place) {
  std::copy(heads.begin() + place + 1, heads.begin() + count, heads.begin() + place);
  std::copy(records.begin() + place + 1, records.begin() + count, records.begin() + place);
  --count;
}

void KeyIndex::Leaf::MoveTail(size_t place, Leaf* right) {
  std::copy(records.begin() + place, records.begin() + count, right->records.begin());
  right->count = static_cast<uint16_t>(count - place);
  count = static_cast<uint16_t>(place);
  Recompute();
  right->Recompute();
}

void KeyIndex::Leaf::Recompute() {
  if (count == 0) return;
  const base::ByteView first = records[0]->key();
  shared_bytes =
      static_cast<uint32_t>(CommonPrefix(first, records[count - 1]->key(), first.size()));
  for (size_t i = 0; i < count; ++i) heads[i] = Head(records[i]->key(), shared_bytes);
}

KeyIndex::Summary KeyIndex::Leaf::Summarize() const {
  Summary summary;
  for (size_t i = 0; i < count; ++i) {
    summary.Add(
        {.live = records[i]->live() ? uint64_t{1} : 0, .newest_main = records[i]->modified().main});
  }
  return summary;
}

size_t KeyIndex::Inner::ChildOf(base::ByteView key) const {
  const auto after = std::upper_bound(lows.begin() + 1, lows.begin() + count, key);
  return static_cast<size_t>(after - lows.begin()) - 1;
}

void KeyIndex::Inner::Insert(size_t place, Node* child, base::Bytes low, const Summary& summary) {
  std::copy_backward(children.begin() + place, children.begin() + count,
                     children.begin() + count + 1);
  std::copy_backward(summaries.begin() + place, summaries.begin() + count,
                     summaries.begin() + count + 1);
  std::move_backward(lows.begin() + place, lows.begin() + count, lows.begin() + count + 1);
  children[place] = child;
  summaries[place] = summary;
  lows[place] = std::move(low);
  ++count;
}

void KeyIndex::Inner::Erase(size_t place) {
  std::copy(children.begin() + place + 1, children.begin() + count, children.begin() + place);
  std::copy(summaries.begin() + place + 1, summaries.begin() + count, summaries.begin() + place);
  std::move(lows.begin() + place + 1, lows.begin() + count, lows.begin() + place);
  --count;
}

void KeyIndex::Inner::MoveTail(size_t place, Inner* right) {
  std::copy(children.begin() + place, children.begin() + count, right->children.begin());
  std::copy(summaries.begin() + place, summaries.begin() + count, right->summaries.begin());
  std::move(lows.begin() + place, lows.begin() + count, right->lows.begin());
  right->count = static_cast<uint16_t>(count - place);
  count = static_cast<uint16_t>(place);
}

KeyIndex::Summary KeyIndex::Inner::Summarize() const {
  Summary summary;
  for (size_t i = 0; i < count; ++i) summary.Add(summaries[i]);
  return summary;
}

}  // namespace mvcc
