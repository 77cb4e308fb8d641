#include "dump/lmdb_leaves.h"

#include <optional>

#include "base/result.h"
#include "storage/backend/lmdb_page.h"
#include "storage/backend/stored_record.h"

namespace dump {
namespace {

namespace lmdb = backend::lmdb;

constexpr uint64_t kPageBytesMin = 512;
constexpr uint64_t kPageBytesMax = 65536;

bool IsPageSize(uint64_t bytes) {
  return bytes >= kPageBytesMin && bytes <= kPageBytesMax && (bytes & (bytes - 1)) == 0;
}

// The size that the meta page at `offset` says; 0 if there is none.
base::Result<uint64_t> PageBytesAt(const runtime::File& file, uint64_t offset) {
  base::Bytes bytes;
  RETURN_IF_ERROR(file.ReadAt(offset, lmdb::Meta::kBytes, &bytes));
  if (bytes.size() < lmdb::Meta::kBytes) return uint64_t{0};
  const lmdb::Meta meta(bytes);
  if (meta.magic != lmdb::Meta::kMagic || !IsPageSize(meta.free.page_bytes)) return uint64_t{0};
  return uint64_t{meta.free.page_bytes};
}

base::Result<uint64_t> FindPageBytes(const runtime::File& file) {
  ASSIGN_OR_RETURN(const uint64_t first, PageBytesAt(file, 0));
  if (first != 0) return first;
  for (uint64_t size = kPageBytesMin; size <= kPageBytesMax; size *= 2) {
    ASSIGN_OR_RETURN(const uint64_t second, PageBytesAt(file, size));
    if (second == size) return second;
  }
  return base::Status(base::Code::kDataLoss,
                      "failed to read page size: neither meta page can be read");
}

class Visit {
 public:
  Visit(const runtime::File& file, uint64_t page_bytes, uint64_t pages, const LeafVisitor& visitor)
      : file_(file), page_bytes_(page_bytes), pages_(pages), visitor_(visitor) {}

  base::Status Run() {
    for (uint64_t number = lmdb::kMetaPages; number < pages_;) {
      RETURN_IF_ERROR(file_.ReadAt(number * page_bytes_, page_bytes_, &page_));
      if (page_.size() < page_bytes_) break;
      const lmdb::PageHead head(page_);
      // What a large value has in its pages is not taken for pages.
      const bool is_large = head.number == number && head.flags == lmdb::kOverflow;
      const bool fits = head.overflow_pages > 0 && head.overflow_pages <= pages_ - number;
      if (head.flags == lmdb::kLeaf && head.number == number) Look(number, head);
      if (head.flags == lmdb::kLeaf && head.number != number) {
        Fail(number, "unexpected page id: " + std::to_string(head.number));
      }
      number += is_large && fits ? head.overflow_pages : 1;
    }
    return {};
  }

 private:
  void Fail(uint64_t number, const std::string& why) const {
    visitor_.on_damage("Reading page " + std::to_string(number) + " failed: " + why +
                       ". Continuing...");
  }

  void Look(uint64_t number, const lmdb::PageHead& head) {
    if (head.lower < lmdb::kPageHeaderBytes || head.lower > page_.size() || head.lower % 2 != 0) {
      return Fail(number, "its bounds are wrong");
    }
    const size_t count = (head.lower - lmdb::kPageHeaderBytes) / 2;
    for (size_t i = 0; i < count; ++i) {
      const std::optional<base::ByteView> node = NodeAt(lmdb::kPageHeaderBytes + 2 * i);
      if (!node.has_value()) {
        Fail(number, "node " + std::to_string(i) + " is out of bounds");
        continue;
      }
      const lmdb::Node parsed(node->data());
      // Of other trees: heads of buckets, and lists of free pages, which have no checksums.
      if ((parsed.flags & lmdb::kSubTree) != 0) return;
      const base::ByteView key = node->substr(lmdb::kNodeHeaderBytes, parsed.key_bytes);
      base::ByteView stored = node->substr(lmdb::kNodeHeaderBytes + parsed.key_bytes);
      if ((parsed.flags & lmdb::kBigData) != 0) {
        if (!ReadLarge(base::Load64Le(stored.data()), parsed.data_bytes)) {
          Fail(number, "the value of node " + std::to_string(i) + " is not there");
          continue;
        }
        stored = base::ByteView(large_).substr(lmdb::kPageHeaderBytes, parsed.data_bytes);
      }
      const auto record = backend::ParseStoredRecord(key, stored);
      if (!record.has_value()) {
        // A list of free pages, most likely.
        if (key.size() == sizeof(uint64_t)) continue;
        Fail(number, "checksum mismatch of node " + std::to_string(i));
        continue;
      }
      if (!visitor_.on_record({.page = number,
                               .index = i,
                               .last_index = count - 1,
                               .key = record->key,
                               .value = record->value})) {
        return;
      }
    }
  }

  // The node whose offset stands at `at`, with what it holds in this page.
  std::optional<base::ByteView> NodeAt(size_t at) const {
    const size_t offset = lmdb::Load16Le(page_.data() + at);
    if (offset + lmdb::kNodeHeaderBytes > page_.size()) return std::nullopt;
    const lmdb::Node node(page_.data() + offset);
    const bool is_large = (node.flags & lmdb::kBigData) != 0;
    const uint64_t size = uint64_t{lmdb::kNodeHeaderBytes} + node.key_bytes +
                          (is_large ? sizeof(uint64_t) : node.data_bytes);
    if (size > page_.size() - offset) return std::nullopt;
    return base::ByteView(page_).substr(offset, size);
  }

  bool ReadLarge(uint64_t number, uint32_t bytes) {
    const uint64_t pages =
        (lmdb::kPageHeaderBytes + uint64_t{bytes} + page_bytes_ - 1) / page_bytes_;
    if (number >= pages_ || pages > pages_ - number) return false;
    // What is not the pages of such a value need not be read whole.
    const uint64_t offset = number * page_bytes_;
    if (!file_.ReadAt(offset, lmdb::kPageHeaderBytes, &large_).ok()) return false;
    if (large_.size() < lmdb::kPageHeaderBytes) return false;
    const lmdb::PageHead head(large_);
    if (head.number != number || head.flags != lmdb::kOverflow || head.overflow_pages != pages) {
      return false;
    }
    if (!file_.ReadAt(offset, pages * page_bytes_, &large_).ok()) return false;
    return large_.size() == pages * page_bytes_;
  }

  const runtime::File& file_;
  const uint64_t page_bytes_;
  const uint64_t pages_;
  const LeafVisitor& visitor_;
  base::Bytes page_;
  base::Bytes large_;
};

}  // namespace

base::Status VisitLmdbLeaves(const runtime::File& file, uint64_t file_bytes,
                             const LeafVisitor& visitor) {
  ASSIGN_OR_RETURN(const uint64_t page_bytes, FindPageBytes(file));
  return Visit(file, page_bytes, file_bytes / page_bytes, visitor).Run();
}

bool IsLmdb(const runtime::File& file) {
  const auto found = FindPageBytes(file);
  return found.ok();
}

}  // namespace dump
