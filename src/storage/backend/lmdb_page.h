#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

// The pages of an LMDB 0.9 file on a 64-bit little-endian machine. Offsets in bytes.
//
// clang-format off
//   page     = number 8, unused 2, flags 2, (lower 2, upper 2 | overflow pages 4), body
//   leaf     = page with the body { offset of a node 2 }, free, { node }
//   branch   = the same; of both, lower is the end of the offsets, upper that of the free space
//   node     = (data size 4, flags 2 | child 6), key size 2, key, data (of a leaf's node)
//   overflow = page whose body goes on through the pages behind it
//   meta     = page with the body magic 4, version 4, address 8, map size 8, free tree, main tree,
//              last page 8, transaction 8; pages 0 and 1, by the parity of the transaction
//   tree     = page size or unused 4, flags 2, depth 2, branch pages 8, leaf pages 8,
//              overflow pages 8, records 8, root 8
// clang-format on
//
// The free tree has lists of page numbers, with their length in front, by transaction; the main
// tree has the head of each bucket's tree, by its name.

namespace backend::lmdb {

// Each commit of ours says there which transaction it is, in eight bytes: so a meta page that says
// another one is known. What other programs commit leaves it as it was.
inline constexpr base::ByteView kOwnBucket = "cornerstore";
inline constexpr base::ByteView kTransactionKey = "transaction";

inline constexpr size_t kPageHeaderBytes = 16;
inline constexpr size_t kNodeHeaderBytes = 8;
inline constexpr uint64_t kNoPage = ~uint64_t{0};
inline constexpr size_t kMetaPages = 2;

enum PageFlags : uint16_t { kBranch = 1, kLeaf = 2, kOverflow = 4, kMeta = 8 };
enum NodeFlags : uint16_t { kBigData = 1, kSubTree = 2 };

inline uint16_t Load16Le(const char* from) {
  return static_cast<uint16_t>(static_cast<uint8_t>(from[0]) | static_cast<uint8_t>(from[1]) << 8);
}

struct PageHead {
  explicit PageHead(base::ByteView page)
      : number(base::Load64Le(page.data())),
        flags(Load16Le(page.data() + 10)),
        lower(Load16Le(page.data() + 12)),
        upper(Load16Le(page.data() + 14)),
        overflow_pages(base::Load32Le(page.data() + 12)) {}

  uint64_t number;
  uint16_t flags;
  uint16_t lower;
  uint16_t upper;
  uint32_t overflow_pages;
};

struct Tree {
  static constexpr size_t kBytes = 48;
  explicit Tree(const char* from)
      : page_bytes(base::Load32Le(from)),
        flags(Load16Le(from + 4)),
        depth(Load16Le(from + 6)),
        branch_pages(base::Load64Le(from + 8)),
        leaf_pages(base::Load64Le(from + 16)),
        overflow_pages(base::Load64Le(from + 24)),
        records(base::Load64Le(from + 32)),
        root(base::Load64Le(from + 40)) {}

  uint32_t page_bytes;  // of the free tree; otherwise 0
  uint16_t flags;
  uint16_t depth;
  uint64_t branch_pages;
  uint64_t leaf_pages;
  uint64_t overflow_pages;
  uint64_t records;
  uint64_t root;
};

struct Meta {
  static constexpr uint32_t kMagic = 0xBEEFC0DE;
  static constexpr uint32_t kVersion = 1;
  static constexpr size_t kBytes = kPageHeaderBytes + 136;
  explicit Meta(base::ByteView page)
      : magic(base::Load32Le(page.data() + 16)),
        version(base::Load32Le(page.data() + 20)),
        free(page.data() + 40),
        main(page.data() + 88),
        last_page(base::Load64Le(page.data() + 136)),
        transaction(base::Load64Le(page.data() + 144)) {}

  uint32_t magic;
  uint32_t version;
  Tree free;
  Tree main;
  uint64_t last_page;
  uint64_t transaction;
};

// A node of a leaf or a branch; `at` has a whole header.
struct Node {
  explicit Node(const char* at)
      : data_bytes(base::Load32Le(at)),
        flags(Load16Le(at + 4)),
        key_bytes(Load16Le(at + 6)),
        child(uint64_t{data_bytes} | uint64_t{flags} << 32) {}

  uint32_t data_bytes;
  uint16_t flags;
  uint16_t key_bytes;
  uint64_t child;
};

}  // namespace backend::lmdb
