#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace snap {

// The file format of bbolt, version 2, which etcd's database and its snapshots have. Integers are
// little-endian; pages are numbered from 0 and begin at number * page_size.
//
//   file    = meta meta { page }        meta pages have the numbers 0 and 1
//   page    = header body               1 + overflow pages long
//   header  = id:u64 flags:u16 count:u16 overflow:u32
//   meta    = header magic:u32 version:u32 page_size:u32 0:u32 bucket freelist:u64
//             high_water:u64 txid:u64 checksum:u64
//   bucket  = root:u64 sequence:u64
//   branch  = header { branch-element } { key }           count of each
//   leaf    = header { leaf-element } { key value }       count of each
//   branch-element = pos:u32 key_size:u32 child:u64
//   leaf-element   = flags:u32 pos:u32 key_size:u32 value_size:u32
//   freelist       = header { id:u64 }
//
// `pos` counts from the first byte of its element. The checksum is FNV-1a of the 56 bytes of meta
// before it. Pages from high_water on are not in use. Of the two metas the valid one with the
// higher txid holds; its bucket is the tree whose values are the buckets of the file, and whose
// leaf-elements have kBucketElement set:
//
//   bucket-value = bucket               the tree at page `root`
//                | bucket leaf          root = 0: the one leaf itself, id 0 ("inline")

inline constexpr size_t kPageHeaderBytes = 16;
inline constexpr size_t kElementBytes = 16;
inline constexpr size_t kBucketBytes = 16;
inline constexpr size_t kMetaPageBytes = kPageHeaderBytes + 64;

inline constexpr uint32_t kPageBytesMin = 1024;
inline constexpr uint32_t kPageBytesMax = 1024 << 15;

inline constexpr size_t kKeyBytesMax = 32768;
inline constexpr size_t kValueBytesMax = (size_t{1} << 31) - 2;

// The first page that is not a meta page.
inline constexpr uint64_t kFirstPage = 2;
// In place of the number of the freelist's page: there is none, and pages out of reach are free.
inline constexpr uint64_t kNoFreelist = ~uint64_t{0};

inline constexpr uint16_t kBranchPage = 0x01;
inline constexpr uint16_t kLeafPage = 0x02;
inline constexpr uint16_t kMetaPage = 0x04;
inline constexpr uint16_t kFreelistPage = 0x10;

inline constexpr uint32_t kBucketElement = 0x01;

struct PageHeader {
  uint64_t id = 0;
  uint16_t flags = 0;
  uint16_t count = 0;
  uint32_t overflow = 0;  // pages beyond the first
};

// `from` has at least kPageHeaderBytes.
PageHeader LoadPageHeader(base::ByteView from);
void AppendPageHeader(const PageHeader& header, base::Bytes* out);

struct Bucket {
  uint64_t root = 0;
  uint64_t sequence = 0;
};

// `from` has at least kBucketBytes.
Bucket LoadBucket(base::ByteView from);
void AppendBucket(const Bucket& bucket, base::Bytes* out);

struct Meta {
  uint32_t page_size = 0;
  Bucket buckets;
  uint64_t freelist = kNoFreelist;
  uint64_t high_water = 0;
  uint64_t txid = 0;
};

// The whole page, page_size bytes. `id` is 0 or 1.
void AppendMetaPage(const Meta& meta, uint64_t id, base::Bytes* out);
// Nothing if the bytes do not begin with the valid meta page `id`.
std::optional<Meta> ParseMetaPage(base::ByteView bytes, uint64_t id);

}  // namespace snap
