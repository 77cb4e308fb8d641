#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "runtime/random.h"

namespace runtime::simulated {

// The bytes of a file, sparse: a page that was never written reads as zeros and costs nothing.
// Copies share pages until one of them writes.
class PagedBytes {
 public:
  static constexpr size_t kPageBytes = 4096;
  using Page = std::array<char, kPageBytes>;

  uint64_t size() const { return size_; }
  void Resize(uint64_t size);
  // Grows as needed.
  void Write(uint64_t offset, base::ByteView bytes);
  base::Bytes Read(uint64_t offset, size_t size) const;

  // The pages that hold anything; null reads as zeros. Pages past the end are not listed.
  size_t page_count() const { return pages_.size(); }
  const Page* page(size_t number) const { return pages_[number].get(); }
  uint64_t allocated_bytes() const;
  // Makes page `number` the same as `from`'s, sharing it. Within size().
  void SharePage(size_t number, const PagedBytes& from);

 private:
  Page& WritablePage(size_t number);

  std::vector<std::shared_ptr<Page>> pages_;
  uint64_t size_ = 0;
};

// A file or directory: what programs see, and what a power failure would leave.
struct Inode {
  bool is_directory = false;
  bool locked = false;
  size_t open_files = 0;
  PagedBytes current;
  PagedBytes durable;
  std::set<size_t> unsynced_pages;

  void Write(uint64_t offset, base::ByteView bytes);
  void Truncate(uint64_t size);
  void Sync();
  // Forgets the unsynced changes; with `random`, each sector of them survives by chance.
  void Crash(Random* random);
};

}  // namespace runtime::simulated
