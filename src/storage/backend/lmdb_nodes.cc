#include "storage/backend/lmdb_nodes.h"

namespace backend::lmdb {
namespace {

constexpr size_t kNodeAlignment = 2;
// Of the free tree: keys are numbers; and what the environment was opened with.
constexpr uint16_t kIntegerKeys = 0x08;
constexpr uint16_t kNoSubdirectory = 0x4000;

// Keys of the free tree are numbers, of eight bytes.
bool IsLess(TreeKind kind, base::ByteView a, base::ByteView b) {
  if (kind != TreeKind::kFree) return a < b;
  return base::Load64Le(a.data()) < base::Load64Le(b.data());
}

}  // namespace

std::string_view FaultOfMeta(uint64_t page, base::ByteView bytes, uint64_t page_bytes) {
  const PageHead head(bytes);
  const Meta meta(bytes);
  const bool is_meta = head.number == page && head.flags == kMeta && meta.magic == Meta::kMagic &&
                       meta.version == Meta::kVersion && meta.free.page_bytes == page_bytes &&
                       meta.free.flags == (kIntegerKeys | kNoSubdirectory) && meta.main.flags == 0;
  return is_meta ? "" : "not a meta page";
}

std::string_view NodeFinder::Find(base::ByteView page, bool is_leaf,
                                  std::vector<base::ByteView>* nodes) {
  const PageHead head(page);
  const size_t least = is_leaf ? 1 : 2;
  if (head.lower < kPageHeaderBytes + 2 * least || head.lower % 2 != 0 || head.upper < head.lower ||
      head.upper > page.size()) {
    return "its bounds are wrong";
  }
  nodes->reserve((head.lower - kPageHeaderBytes) / 2);
  taken_.assign(page.size() / kNodeAlignment / 64 + 1, 0);
  for (size_t at = kPageHeaderBytes; at < head.lower; at += 2) {
    const size_t offset = Load16Le(page.data() + at);
    if (offset < head.upper || offset + kNodeHeaderBytes > page.size()) {
      return "a node is out of bounds";
    }
    const Node node(page.data() + offset);
    uint64_t size = kNodeHeaderBytes + node.key_bytes;
    if (is_leaf) size += (node.flags & kBigData) != 0 ? sizeof(uint64_t) : node.data_bytes;
    if (size > page.size() - offset) return "a node is out of bounds";
    if (!Take(offset, size)) return "nodes overlap";
    nodes->push_back(page.substr(offset, size));
  }
  return {};
}

// Takes bytes of a page for a node; false if another one has some of them.
bool NodeFinder::Take(size_t offset, size_t size) {
  const size_t first = offset / kNodeAlignment;
  const size_t last = (offset + size - 1) / kNodeAlignment;
  for (size_t word = first / 64; word <= last / 64; ++word) {
    uint64_t bits = ~uint64_t{0};
    if (word == first / 64) bits &= ~uint64_t{0} << first % 64;
    if (word == last / 64) bits &= ~uint64_t{0} >> (63 - last % 64);
    if ((taken_[word] & bits) != 0) return false;
    taken_[word] |= bits;
  }
  return true;
}

base::ByteView KeyOf(base::ByteView node) {
  return node.substr(kNodeHeaderBytes, Node(node.data()).key_bytes);
}
base::ByteView DataOf(base::ByteView node) {
  return node.substr(kNodeHeaderBytes + Node(node.data()).key_bytes);
}

std::string_view FaultOfOrder(const std::vector<base::ByteView>& nodes, bool is_leaf,
                              const KeyBounds& bounds, TreeKind kind) {
  for (size_t i = is_leaf ? 0 : 1; i < nodes.size(); ++i) {
    const base::ByteView key = KeyOf(nodes[i]);
    if (key.empty() || (kind == TreeKind::kFree && key.size() != sizeof(uint64_t))) {
      return "a key has a wrong size";
    }
    const bool has_previous = i > (is_leaf ? 0 : 1);
    if ((has_previous && !IsLess(kind, KeyOf(nodes[i - 1]), key)) ||
        (bounds.low.has_value() && IsLess(kind, key, *bounds.low)) ||
        (bounds.high.has_value() && !IsLess(kind, key, *bounds.high))) {
      return "keys are not in order";
    }
  }
  return {};
}

KeyBounds BoundsBelow(const std::vector<base::ByteView>& nodes, size_t i, const KeyBounds& bounds) {
  KeyBounds below = bounds;
  if (i > 0) below.low = KeyOf(nodes[i]);
  if (i + 1 < nodes.size()) below.high = KeyOf(nodes[i + 1]);
  return below;
}

std::string_view FaultOfFreeList(base::ByteView list) {
  constexpr std::string_view kFault = "not a list of free pages";
  if (list.size() % sizeof(uint64_t) != 0 || list.empty() ||
      base::Load64Le(list.data()) > list.size() / sizeof(uint64_t) - 1) {
    return kFault;
  }
  uint64_t previous = kNoPage;
  for (uint64_t i = 1; i <= base::Load64Le(list.data()); ++i) {
    const uint64_t page = base::Load64Le(list.data() + i * sizeof(uint64_t));
    if (page >= previous) return kFault;
    previous = page;
  }
  return {};
}

std::string_view FaultOfBucket(base::ByteView head) {
  if (head.size() != Tree::kBytes) return "not the head of a bucket";
  return Tree(head.data()).flags == 0 ? "" : "a bucket is of an unknown kind";
}

uint64_t PagesOfLarge(uint32_t bytes, uint64_t page_bytes) {
  return (kPageHeaderBytes + uint64_t{bytes} + page_bytes - 1) / page_bytes;
}

std::string_view FaultOfLarge(uint64_t page, uint64_t pages, base::ByteView bytes) {
  const PageHead head(bytes);
  const bool is_large =
      head.number == page && head.flags == kOverflow && head.overflow_pages == pages;
  return is_large ? "" : "not the pages of a large value";
}

}  // namespace backend::lmdb
