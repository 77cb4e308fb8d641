#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "storage/backend/lmdb_page.h"

// What single pages of an LMDB file must be like. Nothing in them is believed. Each answers with
// what is wrong, empty for nothing.

namespace backend::lmdb {

enum class TreeKind { kFree, kMain, kBucket };

// The keys of a page are at least `low` and below `high`; none: no bound.
struct KeyBounds {
  std::optional<base::ByteView> low;
  std::optional<base::ByteView> high;
};

// A meta page of a file with such pages, at this place.
std::string_view FaultOfMeta(uint64_t page, base::ByteView bytes, uint64_t page_bytes);

// Finds the nodes of a page. One thread; keeps its memory for the next page.
class NodeFinder {
 public:
  // Each with its header, its key, and in a leaf its data; borrowed from the page. They lie within
  // its bounds, and do not overlap.
  std::string_view Find(base::ByteView page, bool is_leaf, std::vector<base::ByteView>* nodes);

 private:
  bool Take(size_t offset, size_t size);

  std::vector<uint64_t> taken_;  // a bit for each two bytes of the page
};

// Of a whole node.
base::ByteView KeyOf(base::ByteView node);
base::ByteView DataOf(base::ByteView node);

// Whether the nodes of a page follow one another and are within the bounds. The first key of a
// branch stands for all that are less than the second.
std::string_view FaultOfOrder(const std::vector<base::ByteView>& nodes, bool is_leaf,
                              const KeyBounds& bounds, TreeKind kind);
// The bounds of what the i-th node of a branch leads to; borrowed from the nodes.
KeyBounds BoundsBelow(const std::vector<base::ByteView>& nodes, size_t i, const KeyBounds& bounds);

// A list of free pages, with its length in front: no page twice, the highest first.
std::string_view FaultOfFreeList(base::ByteView list);
// The head of a bucket's tree.
std::string_view FaultOfBucket(base::ByteView head);

// How many pages a value of so many bytes takes, outside of its leaf.
uint64_t PagesOfLarge(uint32_t bytes, uint64_t page_bytes);
// Such pages, from `page` on.
std::string_view FaultOfLarge(uint64_t page, uint64_t pages, base::ByteView bytes);

}  // namespace backend::lmdb
