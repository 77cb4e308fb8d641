#include "storage/snap/bbolt_tree_page.h"

namespace snap {

uint64_t ContentsEnd(uint16_t page_flags, base::ByteView element) {
  const size_t sizes_at = page_flags == kLeafPage ? 4 : 0;
  uint64_t end = uint64_t{base::Load32Le(element.data() + sizes_at)} +
                 base::Load32Le(element.data() + sizes_at + 4);
  if (page_flags == kLeafPage) end += base::Load32Le(element.data() + 12);
  return end;
}

std::string_view BboltTreePage::Fault() const {
  if (header_.flags != kLeafPage && header_.flags != kBranchPage) {
    return "neither a branch nor a leaf";
  }
  size_t contents_end = ElementOffset(count());
  if (contents_end > bytes_.size()) return "more elements than the page has room for";
  for (size_t i = 0; i < count(); ++i) {
    if (is_leaf() && flags(i) > kBucketElement) return "an element of unknown flags";
    if (KeySize(i) == 0 || KeySize(i) > kKeyBytesMax) return "a key of an illegal size";
    if (KeyOffset(i) != contents_end) return "an element that is not behind the one before it";
    contents_end += KeySize(i) + ValueSize(i);
    if (contents_end > bytes_.size()) return "an element that reaches outside the page";
    if (i > 0 && key(i) <= key(i - 1)) return "keys out of order";
  }
  return {};
}

}  // namespace snap
