#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/disk.h"
#include "storage/snap/bbolt_page.h"
#include "storage/snap/bbolt_tree_page.h"

namespace snap {

// The pages of a bbolt file, each checked before it is given out, and given out once: a page that
// is reached a second time is damage, which makes every walk end.
class BboltPageReader {
 public:
  // Finds the meta page that holds in the first `file_bytes` bytes of `file`, which outlives
  // this. `path` is how errors call the file.
  static base::Result<BboltPageReader> Open(const runtime::File* file, std::string path,
                                            uint64_t file_bytes);

  const Meta& meta() const { return meta_; }

  base::Result<BboltTreePage> ReadTreePage(uint64_t id);
  // Whether every page that has not been given out is free according to the freelist; OK if the
  // file has none.
  base::Status CheckFreelist();
  // All pages may be given out again.
  void ForgetVisits();
  // Is told, with each page, how many bytes of pages have been given out since the last
  // ForgetVisits, and how many there are, those of free pages among them.
  void ReportTo(std::function<void(uint64_t done, uint64_t total)> on_page) {
    on_page_ = std::move(on_page);
  }

  // kDataLoss, naming the file, the page and its offset.
  base::Status Damage(uint64_t id, std::string_view what) const;

 private:
  BboltPageReader(const runtime::File* file, std::string path, const Meta& meta);

  // The page with its overflow, whose place in the file is now taken.
  base::Result<base::Bytes> ReadPage(uint64_t id);
  // Where what a page holds ends, counted from its start, by its own account. Keeps a damaged
  // header from making us read half the file as one page.
  base::Result<uint64_t> Extent(base::ByteView first_page) const;

  const runtime::File* file_;
  std::string path_;
  Meta meta_;
  std::vector<bool> visited_;  // by page
  uint64_t visited_count_ = 0;
  std::function<void(uint64_t, uint64_t)> on_page_;
};

}  // namespace snap
