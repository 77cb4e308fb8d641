#include "storage/snap/bbolt_page_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace snap {
namespace {

// In the header of a freelist: the number of pages stands in front of them.
constexpr uint16_t kCountFollows = 0xFFFF;

// bbolt takes up to one page more than a full last page needs, and one more for a freelist, which
// shrinks by the pages that it takes itself.
constexpr uint64_t kSparePagesMax = 1;

base::Result<std::optional<Meta>> ReadMeta(const runtime::File& file, uint64_t offset,
                                           uint64_t file_bytes, uint64_t id) {
  base::Bytes bytes;
  if (offset + kMetaPageBytes > file_bytes) return std::optional<Meta>();
  RETURN_IF_ERROR(file.ReadAt(offset, kMetaPageBytes, &bytes));
  return ParseMetaPage(bytes, id);
}

// The second meta page, wherever the size of pages puts it.
base::Result<std::optional<Meta>> FindSecondMeta(const runtime::File& file, uint64_t file_bytes) {
  for (uint32_t page_size = kPageBytesMin; page_size <= kPageBytesMax; page_size *= 2) {
    ASSIGN_OR_RETURN(auto meta, ReadMeta(file, page_size, file_bytes, 1));
    if (meta && meta->page_size == page_size) return meta;
  }
  return std::optional<Meta>();
}

// LMDB's first page has this number behind its header, in the order of the machine.
constexpr uint64_t kLmdbMagicOffset = 16;
constexpr uint32_t kLmdbMagic = 0xBEEFC0DE;

// Why there is no meta page.
base::Status NoMeta(const runtime::File& file, const std::string& path) {
  base::Bytes magic;
  RETURN_IF_ERROR(file.ReadAt(kLmdbMagicOffset, sizeof kLmdbMagic, &magic));
  if (magic.size() == sizeof kLmdbMagic && base::Load32Le(magic.data()) == kLmdbMagic) {
    return {base::Code::kDataLoss,
            path +
                ": is the database of a member of this program (LMDB), not a snapshot or a "
                "database of etcd (bbolt); `etcdctl snapshot save` saves a snapshot of a member "
                "that runs, and `etcdutl export` makes a directory of etcd of one that has ended"};
  }
  return {base::Code::kDataLoss, path + ": no valid bbolt meta page"};
}

}  // namespace

base::Result<BboltPageReader> BboltPageReader::Open(const runtime::File* file, std::string path,
                                                    uint64_t file_bytes) {
  ASSIGN_OR_RETURN(auto meta, ReadMeta(*file, 0, file_bytes, 0));
  ASSIGN_OR_RETURN(const auto second, FindSecondMeta(*file, file_bytes));
  if (!meta || (second && second->page_size == meta->page_size && second->txid > meta->txid)) {
    meta = second;
  }
  if (!meta) return NoMeta(*file, path);
  if (meta->high_water <= kFirstPage || meta->high_water > file_bytes / meta->page_size) {
    return base::Status(base::Code::kDataLoss,
                        path + ": cut off: the database has " + std::to_string(meta->high_water) +
                            " pages of " + std::to_string(meta->page_size) + " bytes, the file " +
                            std::to_string(file_bytes) + " bytes");
  }
  return BboltPageReader(file, std::move(path), *meta);
}

BboltPageReader::BboltPageReader(const runtime::File* file, std::string path, const Meta& meta)
    : file_(file), path_(std::move(path)), meta_(meta), visited_(meta.high_water) {}

void BboltPageReader::ForgetVisits() {
  visited_.assign(visited_.size(), false);
  visited_count_ = 0;
}

base::Result<BboltTreePage> BboltPageReader::ReadTreePage(uint64_t id) {
  ASSIGN_OR_RETURN(base::Bytes bytes, ReadPage(id));
  BboltTreePage page(std::move(bytes));
  if (const std::string_view fault = page.Fault(); !fault.empty()) return Damage(id, fault);
  return page;
}

base::Status BboltPageReader::CheckFreelist() {
  if (meta_.freelist == kNoFreelist) return {};
  ASSIGN_OR_RETURN(const base::Bytes page, ReadPage(meta_.freelist));
  const PageHeader header = LoadPageHeader(page);
  if (header.flags != kFreelistPage) return Damage(meta_.freelist, "not a freelist");
  size_t at = kPageHeaderBytes;
  uint64_t count = header.count;
  if (count == kCountFollows) {
    count = base::Load64Le(page.data() + at);
    at += sizeof count;
  }
  if (count > (page.size() - at) / sizeof(uint64_t)) {
    return Damage(meta_.freelist, "more free pages than the freelist has room for");
  }
  for (; count > 0; --count, at += sizeof(uint64_t)) {
    const uint64_t free = base::Load64Le(page.data() + at);
    if (free < kFirstPage || free >= meta_.high_water || visited_[free]) {
      return Damage(meta_.freelist, "page " + std::to_string(free) + " cannot be free");
    }
    visited_[free] = true;
  }
  const auto lost = std::find(visited_.begin() + kFirstPage, visited_.end(), false);
  if (lost == visited_.end()) return {};
  return Damage(static_cast<uint64_t>(lost - visited_.begin()), "neither in use nor free");
}

base::Result<base::Bytes> BboltPageReader::ReadPage(uint64_t id) {
  if (id < kFirstPage || id >= meta_.high_water) return Damage(id, "there is no such page");
  base::Bytes bytes;
  RETURN_IF_ERROR(file_->ReadAt(id * meta_.page_size, meta_.page_size, &bytes));
  if (bytes.size() < meta_.page_size) return Damage(id, "cut off");
  const PageHeader header = LoadPageHeader(bytes);
  if (header.id != id) return Damage(id, "names itself " + std::to_string(header.id));
  if (header.overflow >= meta_.high_water - id) return Damage(id, "reaches past the last page");
  if (header.overflow > 0) {
    ASSIGN_OR_RETURN(const uint64_t extent, Extent(bytes));
    if (header.overflow > extent / meta_.page_size + kSparePagesMax) {
      return Damage(id, "longer than what it holds");
    }
  }
  const auto first = visited_.begin() + static_cast<ptrdiff_t>(id);
  const auto end = first + header.overflow + 1;
  if (std::find(first, end, true) != end) return Damage(id, "reached a second time");
  std::fill(first, end, true);
  visited_count_ += header.overflow + uint64_t{1};
  if (on_page_) on_page_(visited_count_ * meta_.page_size, meta_.high_water * meta_.page_size);
  if (header.overflow == 0) return bytes;
  const size_t size = size_t{meta_.page_size} * (header.overflow + size_t{1});
  RETURN_IF_ERROR(file_->ReadAt(id * meta_.page_size, size, &bytes));
  if (bytes.size() < size) return Damage(id, "cut off");
  return bytes;
}

base::Result<uint64_t> BboltPageReader::Extent(base::ByteView first_page) const {
  const PageHeader header = LoadPageHeader(first_page);
  if (header.flags == kFreelistPage) {
    const bool count_follows = header.count == kCountFollows;
    const uint64_t count =
        count_follows ? base::Load64Le(first_page.data() + kPageHeaderBytes) : header.count;
    return kPageHeaderBytes + sizeof(uint64_t) * (std::min(count, meta_.high_water) + 1);
  }
  if (header.count == 0) return kPageHeaderBytes;
  const uint64_t offset = kPageHeaderBytes + kElementBytes * (header.count - 1);
  base::Bytes element;
  RETURN_IF_ERROR(file_->ReadAt(header.id * meta_.page_size + offset, kElementBytes, &element));
  if (element.size() < kElementBytes) return Damage(header.id, "cut off");
  return offset + ContentsEnd(header.flags, element);
}

base::Status BboltPageReader::Damage(uint64_t id, std::string_view what) const {
  std::string text = path_ + ": page " + std::to_string(id);
  if (id < meta_.high_water) {
    text += " at offset " + std::to_string(id * meta_.page_size);
  }
  return base::Status(base::Code::kDataLoss, text.append(": ").append(what));
}

}  // namespace snap
