#include "storage/snap/bbolt_page.h"

#include <bit>
#include <cstring>

namespace snap {
namespace {

constexpr uint32_t kMagic = 0xED0CDAED;
constexpr uint32_t kVersion = 2;

// Where the fields of a meta page lie, from the first byte of the page.
constexpr size_t kMagicOffset = kPageHeaderBytes;
constexpr size_t kVersionOffset = kMagicOffset + 4;
constexpr size_t kPageSizeOffset = kMagicOffset + 8;
constexpr size_t kBucketsOffset = kMagicOffset + 16;
constexpr size_t kFreelistOffset = kMagicOffset + 32;
constexpr size_t kHighWaterOffset = kMagicOffset + 40;
constexpr size_t kTxidOffset = kMagicOffset + 48;
constexpr size_t kChecksumOffset = kMagicOffset + 56;

uint64_t Fnv1a(base::ByteView bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3;
  }
  return hash;
}

uint64_t ChecksumOf(base::ByteView page) {
  return Fnv1a(page.substr(kMagicOffset, kChecksumOffset - kMagicOffset));
}

uint16_t Load16(const char* from) {
  uint16_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

PageHeader LoadPageHeader(base::ByteView from) {
  return {.id = base::Load64Le(from.data()),
          .flags = Load16(from.data() + 8),
          .count = Load16(from.data() + 10),
          .overflow = base::Load32Le(from.data() + 12)};
}

void AppendPageHeader(const PageHeader& header, base::Bytes* out) {
  char bytes[kPageHeaderBytes];
  base::Store64Le(bytes, header.id);
  std::memcpy(bytes + 8, &header.flags, sizeof header.flags);
  std::memcpy(bytes + 10, &header.count, sizeof header.count);
  base::Store32Le(bytes + 12, header.overflow);
  out->append(bytes, sizeof bytes);
}

Bucket LoadBucket(base::ByteView from) {
  return {.root = base::Load64Le(from.data()), .sequence = base::Load64Le(from.data() + 8)};
}

void AppendBucket(const Bucket& bucket, base::Bytes* out) {
  char bytes[kBucketBytes];
  base::Store64Le(bytes, bucket.root);
  base::Store64Le(bytes + 8, bucket.sequence);
  out->append(bytes, sizeof bytes);
}

void AppendMetaPage(const Meta& meta, uint64_t id, base::Bytes* out) {
  base::Bytes page;
  AppendPageHeader({.id = id, .flags = kMetaPage}, &page);
  page.resize(meta.page_size);
  base::Store32Le(page.data() + kMagicOffset, kMagic);
  base::Store32Le(page.data() + kVersionOffset, kVersion);
  base::Store32Le(page.data() + kPageSizeOffset, meta.page_size);
  base::Store64Le(page.data() + kBucketsOffset, meta.buckets.root);
  base::Store64Le(page.data() + kBucketsOffset + 8, meta.buckets.sequence);
  base::Store64Le(page.data() + kFreelistOffset, meta.freelist);
  base::Store64Le(page.data() + kHighWaterOffset, meta.high_water);
  base::Store64Le(page.data() + kTxidOffset, meta.txid);
  base::Store64Le(page.data() + kChecksumOffset, ChecksumOf(page));
  out->append(page);
}

std::optional<Meta> ParseMetaPage(base::ByteView bytes, uint64_t id) {
  if (bytes.size() < kMetaPageBytes) return std::nullopt;
  const PageHeader header = LoadPageHeader(bytes);
  const char* page = bytes.data();
  if (header.id != id || (header.flags & kMetaPage) == 0 ||
      base::Load32Le(page + kMagicOffset) != kMagic ||
      base::Load32Le(page + kVersionOffset) != kVersion ||
      base::Load64Le(page + kChecksumOffset) != ChecksumOf(bytes)) {
    return std::nullopt;
  }
  const Meta meta{.page_size = base::Load32Le(page + kPageSizeOffset),
                  .buckets = LoadBucket(bytes.substr(kBucketsOffset)),
                  .freelist = base::Load64Le(page + kFreelistOffset),
                  .high_water = base::Load64Le(page + kHighWaterOffset),
                  .txid = base::Load64Le(page + kTxidOffset)};
  if (meta.page_size < kPageBytesMin || meta.page_size > kPageBytesMax ||
      !std::has_single_bit(meta.page_size)) {
    return std::nullopt;
  }
  return meta;
}

}  // namespace snap
