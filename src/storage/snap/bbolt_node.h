#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "storage/snap/bbolt_page.h"

namespace snap {

// A branch or leaf page in the making: elements in the order of their keys.
class BboltNode {
 public:
  // One element. `value` and `flags` mean something in a leaf, `child` in a branch.
  struct Element {
    base::ByteView key = {};
    base::ByteView value = {};
    uint32_t flags = 0;
    uint64_t child = 0;
  };

  // `page_flags` is kBranchPage or kLeafPage.
  explicit BboltNode(uint16_t page_flags) : page_flags_(page_flags) {}

  size_t count() const { return items_.size(); }
  // The bytes that the page needs, header included.
  size_t size() const {
    return kPageHeaderBytes + kElementBytes * items_.size() + contents_.size();
  }
  // What `size` grows by with this element.
  static size_t SizeOf(const Element& element) {
    return kElementBytes + element.key.size() + element.value.size();
  }
  // The least key; count() > 0.
  base::ByteView first_key() const {
    return base::ByteView(contents_).substr(0, items_.front().key_size);
  }

  // Behind all others.
  void Append(const Element& element);
  // The elements of `next` behind these; `next` is empty afterwards.
  void AppendAll(BboltNode* next);
  // Moves the last element to the front of `next`.
  void MoveLastTo(BboltNode* next);

  // The page without its padding.
  void AppendTo(uint64_t id, uint32_t overflow, base::Bytes* out) const;

 private:
  struct Item {
    uint32_t key_size;
    uint32_t value_size;
    uint32_t flags;
    uint64_t child;
  };

  uint16_t page_flags_;
  std::vector<Item> items_;
  base::Bytes contents_;  // key and value of each item
};

}  // namespace snap
