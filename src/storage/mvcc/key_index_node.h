#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "storage/mvcc/key_index.h"

// The nodes of KeyIndex.

namespace mvcc {

// What an inner node knows of a child.
struct KeyIndex::Summary {
  uint64_t live = 0;        // keys that exist as of their newest change
  int64_t newest_main = 0;  // at least the main revision of every change in it

  void Add(const Summary& other) {
    live += other.live;
    newest_main = newest_main > other.newest_main ? newest_main : other.newest_main;
  }
  // Whether the child looks the same at `main` as it does now.
  bool UnchangedSince(int64_t main) const { return newest_main <= main; }
};

struct KeyIndex::Node {
  explicit Node(bool leaf) : is_leaf(leaf) {}
  const bool is_leaf;
  uint16_t count = 0;
};

struct KeyIndex::Leaf : Node {
  static constexpr size_t kMax = 64;

  Leaf() : Node(true) {}

  // The place of the first record whose key is not less than `key`.
  size_t LowerBound(base::ByteView key) const;
  // Null without such a key. Looks at no other record but such as agree in their heads.
  KeyRecord* Find(base::ByteView key) const;
  bool Holds(size_t place, base::ByteView key) const {
    return place < count && records[place]->key() == key;
  }
  // With room for it.
  void Insert(size_t place, KeyRecord* record);
  void Erase(size_t place);
  // Moves the records from `place` on to the empty leaf `right`.
  void MoveTail(size_t place, Leaf* right);
  // Restores the invariant of the heads.
  void Recompute();
  Summary Summarize() const;

  // Invariant: all keys agree in their first `shared_bytes`, and heads[i] is made of the eight
  // bytes after these, big-endian, zeros where the key ends.
  uint32_t shared_bytes = 0;
  std::array<uint64_t, kMax> heads;
  std::array<KeyRecord*, kMax> records;

 private:
  static uint64_t Head(base::ByteView key, size_t shared_bytes);
  // As LowerBound, of a key that begins with the shared bytes.
  size_t LowerBoundByHead(base::ByteView key) const;
};

struct KeyIndex::Inner : Node {
  static constexpr size_t kMax = 64;

  Inner() : Node(false) {}

  // The child that holds `key` if any does.
  size_t ChildOf(base::ByteView key) const;
  // With room for it.
  void Insert(size_t place, Node* child, base::Bytes low, const Summary& summary);
  void Erase(size_t place);
  void MoveTail(size_t place, Inner* right);
  Summary Summarize() const;

  std::array<Node*, kMax> children;
  std::array<Summary, kMax> summaries;
  // Invariant: keys of children[i] are not below lows[i], those of children before are below it.
  // lows[0] is not used.
  std::array<base::Bytes, kMax> lows;
};

// The right half of a node that was full.
struct KeyIndex::Split {
  Node* right = nullptr;  // null: the node was not split
  base::Bytes low;        // not above any key of `right`, above all that stayed
  Summary summary;        // of `right`
};

}  // namespace mvcc
