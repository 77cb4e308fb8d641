#include "storage/mvcc/key_index.h"

#include <algorithm>
#include <limits>

#include "storage/mvcc/key_index_node.h"

// The read side of KeyIndex.

namespace mvcc {
namespace {

// A range on its way down the tree: which of its ends lie within the node.
struct Bounds {
  const KeyRange* range;
  bool low_inside;   // keys below range->begin may be in the node
  bool high_inside;  // keys past the end may be

  bool CoversNode() const { return !low_inside && !high_inside; }
};

void Look(size_t count, KeyIndex::Pause* pause) {
  pause->looks_left -= std::min(pause->looks_left, count);
}

}  // namespace

uint64_t KeyIndex::Count(const KeyRange& range, int64_t main) const {
  Pause never{std::numeric_limits<size_t>::max(), std::nullopt};
  return Count(range, main, &never);
}

bool KeyIndex::AnyExists(int64_t main) const {
  return !Visit(KeyRange::All(), main, [](const KeyRecord&, Revision) { return false; });
}

bool KeyIndex::Visit(const KeyRange& range, int64_t main, const Visitor& visit) const {
  Pause never{std::numeric_limits<size_t>::max(), std::nullopt};
  return Visit(range, main, visit, &never);
}

uint64_t KeyIndex::Count(const KeyRange& range, int64_t main, Pause* pause) const {
  if (range.one_key) {
    const KeyRecord* const record = Find(range.begin);
    return record != nullptr && record->At(main) ? 1 : 0;
  }
  const auto count = [main, pause](const auto& self, const Node* node, const Summary& summary,
                                   Bounds bounds) -> uint64_t {
    Look(1, pause);
    if (bounds.CoversNode() && summary.UnchangedSince(main)) return summary.live;
    if (summary.live == 0 && summary.UnchangedSince(main)) return 0;
    const KeyRange& wanted = *bounds.range;
    uint64_t total = 0;
    if (node->is_leaf) {
      const auto* const leaf = static_cast<const Leaf*>(node);
      Look(leaf->count, pause);
      for (size_t i = bounds.low_inside ? leaf->LowerBound(wanted.begin) : 0; i < leaf->count;
           ++i) {
        if (bounds.high_inside && wanted.Ends(leaf->records[i]->key())) break;
        if (leaf->records[i]->At(main)) ++total;
      }
      return total;
    }
    const auto* const inner = static_cast<const Inner*>(node);
    const size_t first = bounds.low_inside ? inner->ChildOf(wanted.begin) : 0;
    const size_t last = bounds.high_inside ? inner->ChildOf(wanted.end) : inner->count - 1U;
    for (size_t i = first; i <= last && !pause->at; ++i) {
      if (i > first && pause->looks_left == 0) {
        pause->at = inner->lows[i];
        break;
      }
      total +=
          self(self, inner->children[i], inner->summaries[i],
               Bounds{&wanted, bounds.low_inside && i == first, bounds.high_inside && i == last});
    }
    return total;
  };
  return count(count, root_, *summary_, {&range, true, !range.open_end});
}

bool KeyIndex::Visit(const KeyRange& range, int64_t main, const Visitor& visit,
                     Pause* pause) const {
  if (range.one_key) {
    const KeyRecord* const record = Find(range.begin);
    const auto at = record == nullptr ? std::nullopt : record->At(main);
    return !at || visit(*record, *at);
  }
  const auto walk = [main, &visit, pause](const auto& self, const Node* node,
                                          const Summary& summary, Bounds bounds) -> bool {
    Look(1, pause);
    if (summary.live == 0 && summary.UnchangedSince(main)) return true;
    const KeyRange& wanted = *bounds.range;
    if (node->is_leaf) {
      const auto* const leaf = static_cast<const Leaf*>(node);
      Look(leaf->count, pause);
      for (size_t i = bounds.low_inside ? leaf->LowerBound(wanted.begin) : 0; i < leaf->count;
           ++i) {
        const KeyRecord& record = *leaf->records[i];
        if (bounds.high_inside && wanted.Ends(record.key())) return true;
        const auto at = record.At(main);
        if (at && !visit(record, *at)) return false;
      }
      return true;
    }
    const auto* const inner = static_cast<const Inner*>(node);
    const size_t first = bounds.low_inside ? inner->ChildOf(wanted.begin) : 0;
    const size_t last = bounds.high_inside ? inner->ChildOf(wanted.end) : inner->count - 1U;
    for (size_t i = first; i <= last; ++i) {
      if (i > first && pause->looks_left == 0) {
        pause->at = inner->lows[i];
        return false;
      }
      const Bounds below{&wanted, bounds.low_inside && i == first, bounds.high_inside && i == last};
      if (!self(self, inner->children[i], inner->summaries[i], below)) return false;
    }
    return true;
  };
  return walk(walk, root_, *summary_, {&range, true, !range.open_end});
}

}  // namespace mvcc
