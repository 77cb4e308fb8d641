#include "runtime/simulated/disk_image.h"

#include <algorithm>

namespace runtime::simulated {
namespace {

// What a disk writes as a whole or not at all.
constexpr size_t kSectorBytes = 512;

size_t PagesFor(uint64_t size) {
  return static_cast<size_t>((size + PagedBytes::kPageBytes - 1) / PagedBytes::kPageBytes);
}

}  // namespace

void PagedBytes::Resize(uint64_t size) {
  if (size < size_ && size % kPageBytes != 0) {
    // What lies past the end must read as zeros if the file grows again.
    const size_t last = PagesFor(size) - 1;
    if (pages_[last] != nullptr) {
      Page& page = WritablePage(last);
      std::fill(page.begin() + static_cast<ptrdiff_t>(size % kPageBytes), page.end(), '\0');
    }
  }
  pages_.resize(PagesFor(size));
  size_ = size;
}

PagedBytes::Page& PagedBytes::WritablePage(size_t number) {
  std::shared_ptr<Page>& page = pages_[number];
  if (page == nullptr) {
    page = std::make_shared<Page>();
  } else if (page.use_count() > 1) {
    page = std::make_shared<Page>(*page);
  }
  return *page;
}

void PagedBytes::Write(uint64_t offset, base::ByteView bytes) {
  if (offset + bytes.size() > size_) Resize(offset + bytes.size());
  while (!bytes.empty()) {
    const size_t within = offset % kPageBytes;
    const size_t count = std::min(bytes.size(), kPageBytes - within);
    Page& page = WritablePage(static_cast<size_t>(offset / kPageBytes));
    std::copy_n(bytes.data(), count, page.data() + within);
    bytes.remove_prefix(count);
    offset += count;
  }
}

base::Bytes PagedBytes::Read(uint64_t offset, size_t size) const {
  if (offset >= size_) return {};
  base::Bytes bytes(static_cast<size_t>(std::min<uint64_t>(size, size_ - offset)), '\0');
  for (size_t filled = 0; filled < bytes.size();) {
    const uint64_t at = offset + filled;
    const size_t within = at % kPageBytes;
    const size_t count = std::min(bytes.size() - filled, kPageBytes - within);
    if (const Page* from = page(static_cast<size_t>(at / kPageBytes))) {
      std::copy_n(from->data() + within, count, bytes.data() + filled);
    }
    filled += count;
  }
  return bytes;
}

uint64_t PagedBytes::allocated_bytes() const {
  const auto held = std::count_if(pages_.begin(), pages_.end(),
                                  [](const auto& held_page) { return held_page != nullptr; });
  return static_cast<uint64_t>(held) * kPageBytes;
}

void PagedBytes::SharePage(size_t number, const PagedBytes& from) {
  pages_[number] = number < from.pages_.size() ? from.pages_[number] : nullptr;
}

void Inode::Write(uint64_t offset, base::ByteView bytes) {
  if (bytes.empty()) return;
  current.Write(offset, bytes);
  const uint64_t last = (offset + bytes.size() - 1) / PagedBytes::kPageBytes;
  for (uint64_t number = offset / PagedBytes::kPageBytes; number <= last; ++number) {
    unsynced_pages.insert(static_cast<size_t>(number));
  }
}

void Inode::Truncate(uint64_t size) {
  const size_t first_changed = static_cast<size_t>(size / PagedBytes::kPageBytes);
  for (size_t number = first_changed; number < current.page_count(); ++number) {
    unsynced_pages.insert(number);
  }
  current.Resize(size);
}

void Inode::Sync() {
  durable.Resize(current.size());
  for (const size_t number : unsynced_pages) {
    if (number < durable.page_count()) durable.SharePage(number, current);
  }
  unsynced_pages.clear();
}

void Inode::Crash(Random* random) {
  if (random != nullptr && !(unsynced_pages.empty() && current.size() == durable.size())) {
    if (random->OneIn(2)) durable.Resize(current.size());
    for (const size_t number : unsynced_pages) {
      const uint64_t page_start = uint64_t{number} * PagedBytes::kPageBytes;
      for (size_t within = 0; within < PagedBytes::kPageBytes; within += kSectorBytes) {
        if (page_start + within >= durable.size() || random->OneIn(2)) continue;
        const uint64_t left = durable.size() - page_start - within;
        const size_t count = static_cast<size_t>(std::min<uint64_t>(kSectorBytes, left));
        base::Bytes sector = current.Read(page_start + within, count);
        sector.resize(count);
        durable.Write(page_start + within, sector);
      }
    }
  }
  current = durable;
  unsynced_pages.clear();
  locked = false;
  open_files = 0;
}

}  // namespace runtime::simulated
