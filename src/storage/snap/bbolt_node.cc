#include "storage/snap/bbolt_node.h"

namespace snap {

void BboltNode::Append(const Element& element) {
  items_.push_back({.key_size = static_cast<uint32_t>(element.key.size()),
                    .value_size = static_cast<uint32_t>(element.value.size()),
                    .flags = element.flags,
                    .child = element.child});
  contents_.append(element.key).append(element.value);
}

void BboltNode::AppendAll(BboltNode* next) {
  items_.insert(items_.end(), next->items_.begin(), next->items_.end());
  contents_.append(next->contents_);
  next->items_.clear();
  next->contents_.clear();
}

void BboltNode::MoveLastTo(BboltNode* next) {
  const Item last = items_.back();
  const size_t start = contents_.size() - last.key_size - last.value_size;
  next->items_.insert(next->items_.begin(), last);
  next->contents_.insert(0, contents_, start);
  items_.pop_back();
  contents_.resize(start);
}

void BboltNode::AppendTo(uint64_t id, uint32_t overflow, base::Bytes* out) const {
  AppendPageHeader({.id = id,
                    .flags = page_flags_,
                    .count = static_cast<uint16_t>(items_.size()),
                    .overflow = overflow},
                   out);
  // From an element to its key: the elements from this one on, then the contents before it.
  size_t position = kElementBytes * items_.size();
  char element[kElementBytes];
  for (const Item& item : items_) {
    if (page_flags_ == kBranchPage) {
      base::Store32Le(element, static_cast<uint32_t>(position));
      base::Store32Le(element + 4, item.key_size);
      base::Store64Le(element + 8, item.child);
    } else {
      base::Store32Le(element, item.flags);
      base::Store32Le(element + 4, static_cast<uint32_t>(position));
      base::Store32Le(element + 8, item.key_size);
      base::Store32Le(element + 12, item.value_size);
    }
    out->append(element, sizeof element);
    position += item.key_size;
    position += item.value_size;
    position -= kElementBytes;
  }
  out->append(contents_);
}

}  // namespace snap
