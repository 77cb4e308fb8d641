#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "storage/snap/bbolt_page.h"

namespace snap {

// Where the key and value of an element end, counted from the element. `element` has
// kElementBytes; `page_flags` are those of its page, kLeafPage or others.
uint64_t ContentsEnd(uint16_t page_flags, base::ByteView element);

// A branch or leaf page that was read. Its header is taken as it is; its elements may be asked
// for once Fault() has found nothing.
class BboltTreePage {
 public:
  // `bytes` is the page with its overflow, at least kPageHeaderBytes.
  explicit BboltTreePage(base::Bytes bytes)
      : bytes_(std::move(bytes)), header_(LoadPageHeader(bytes_)) {}

  // What is wrong with the page, empty if nothing: it is a branch or a leaf, its elements and
  // what they hold lie inside it without gaps, as bbolt writes them, and its keys are of a legal
  // size and strictly in order.
  std::string_view Fault() const;

  const PageHeader& header() const { return header_; }
  bool is_leaf() const { return header_.flags == kLeafPage; }
  size_t count() const { return header_.count; }
  base::ByteView key(size_t i) const { return View(KeyOffset(i), KeySize(i)); }
  // Of a leaf.
  base::ByteView value(size_t i) const { return View(KeyOffset(i) + KeySize(i), ValueSize(i)); }
  uint32_t flags(size_t i) const { return base::Load32Le(Element(i)); }
  // Of a branch.
  uint64_t child(size_t i) const { return base::Load64Le(Element(i) + 8); }

 private:
  static constexpr size_t ElementOffset(size_t i) { return kPageHeaderBytes + kElementBytes * i; }
  const char* Element(size_t i) const { return bytes_.data() + ElementOffset(i); }
  base::ByteView View(size_t offset, size_t size) const {
    return base::ByteView(bytes_).substr(offset, size);
  }
  // From the start of the page.
  size_t KeyOffset(size_t i) const {
    return ElementOffset(i) + base::Load32Le(Element(i) + (is_leaf() ? 4 : 0));
  }
  size_t KeySize(size_t i) const { return base::Load32Le(Element(i) + (is_leaf() ? 8 : 4)); }
  size_t ValueSize(size_t i) const { return is_leaf() ? base::Load32Le(Element(i) + 12) : 0; }

  base::Bytes bytes_;
  PageHeader header_;
};

}  // namespace snap
