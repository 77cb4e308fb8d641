#include "dump/bbolt_leaves.h"

#include <algorithm>
#include <optional>

#include "base/result.h"
#include "storage/snap/bbolt_page.h"
#include "storage/snap/bbolt_tree_page.h"

namespace dump {
namespace {

struct Extent {
  uint64_t page_bytes = 0;
  uint64_t pages = 0;
};

// By whichever meta page is valid: of two, what reaches further.
base::Result<Extent> FindExtent(const runtime::File& file, uint64_t file_bytes) {
  Extent extent;
  const auto look = [&](uint64_t offset, uint64_t id) -> base::Status {
    base::Bytes bytes;
    if (offset + snap::kMetaPageBytes > file_bytes) return {};
    RETURN_IF_ERROR(file.ReadAt(offset, snap::kMetaPageBytes, &bytes));
    const auto meta = snap::ParseMetaPage(bytes, id);
    if (!meta.has_value()) return {};
    if (id == 1 && meta->page_size != offset) return {};
    extent.page_bytes = meta->page_size;
    extent.pages = std::max(extent.pages, meta->high_water);
    return {};
  };
  RETURN_IF_ERROR(look(0, 0));
  for (uint64_t size = snap::kPageBytesMin; size <= snap::kPageBytesMax; size *= 2) {
    RETURN_IF_ERROR(look(size, 1));
  }
  if (extent.page_bytes == 0) {
    return base::Status(base::Code::kDataLoss,
                        "failed to read page and HWM size: the Meta Page has wrong (unexpected) "
                        "magic");
  }
  return extent;
}

class Visit {
 public:
  Visit(const runtime::File& file, uint64_t file_bytes, const Extent& extent,
        const LeafVisitor& visitor)
      : file_(file), file_bytes_(file_bytes), extent_(extent), visitor_(visitor) {}

  void Run() {
    for (uint64_t id = snap::kFirstPage; id < extent_.pages;) id += Look(id);
  }

 private:
  // Returns how many pages it took.
  uint64_t Look(uint64_t id) {
    const auto fail = [&](const std::string& why) {
      visitor_.on_damage("Reading page " + std::to_string(id) + " failed: " + why +
                         ". Continuing...");
      return uint64_t{1};
    };
    base::Bytes bytes;
    if (const auto read = Read(id, 1, &bytes); !read.ok()) return fail(std::string(read.message()));
    const snap::PageHeader header = snap::LoadPageHeader(bytes);
    if (header.id != id) {
      return fail("unexpected page id: " + std::to_string(header.id) +
                  ", wanted: " + std::to_string(id));
    }
    const uint64_t pages = uint64_t{header.overflow} + 1;
    if (header.flags != snap::kLeafPage) return 1;
    if (pages > extent_.pages - id) return fail("it reaches past the last page");
    if (pages > 1) {
      if (const auto read = Read(id, pages, &bytes); !read.ok()) {
        return fail(std::string(read.message()));
      }
    }
    const snap::BboltTreePage page(std::move(bytes));
    if (const std::string_view fault = page.Fault(); !fault.empty()) {
      return fail(std::string(fault));
    }
    for (size_t i = 0; i < page.count(); ++i) {
      if (!visitor_.on_record({.page = id,
                               .index = i,
                               .last_index = page.count() - 1,
                               .key = page.key(i),
                               .value = page.value(i)})) {
        break;
      }
    }
    return pages;
  }

  base::Status Read(uint64_t id, uint64_t pages, base::Bytes* bytes) const {
    const uint64_t offset = id * extent_.page_bytes;
    const uint64_t size = pages * extent_.page_bytes;
    if (offset > file_bytes_ || size > file_bytes_ - offset) {
      return {base::Code::kDataLoss, "EOF"};
    }
    RETURN_IF_ERROR(file_.ReadAt(offset, size, bytes));
    return bytes->size() == size ? base::Status() : base::Status(base::Code::kDataLoss, "EOF");
  }

  const runtime::File& file_;
  const uint64_t file_bytes_;
  const Extent extent_;
  const LeafVisitor& visitor_;
};

}  // namespace

base::Status VisitBboltLeaves(const runtime::File& file, uint64_t file_bytes,
                              const LeafVisitor& visitor) {
  ASSIGN_OR_RETURN(Extent extent, FindExtent(file, file_bytes));
  // A file that was cut off is told once, not for each page that it lacks.
  const uint64_t whole = file_bytes / extent.page_bytes;
  if (extent.pages > whole) {
    visitor.on_damage("The file ends before page " + std::to_string(whole) + " of " +
                      std::to_string(extent.pages));
    extent.pages = whole;
  }
  Visit(file, file_bytes, extent, visitor).Run();
  return {};
}

}  // namespace dump
