#include "state/kv/usage_groups.h"

#include <algorithm>
#include <utility>

namespace kv {

bool UsageGroups::Precedes(const Group& a, const Group& b) {
  return a.bytes != b.bytes ? a.bytes > b.bytes : a.prefix < b.prefix;
}

base::ByteView UsageGroups::PrefixOf(base::ByteView key) const {
  const size_t found = key.find(delimiter_, prefix_size_);
  return found == base::ByteView::npos ? key : key.substr(0, found + delimiter_.size());
}

void UsageGroups::Add(const mvcc::KeyValue& pair) {
  const base::ByteView prefix = PrefixOf(pair.key);
  if (current_.keys == 0 || prefix != current_.prefix) {
    End();
    current_ = {.prefix = base::Bytes(prefix)};
  }
  ++current_.keys;
  current_.bytes += static_cast<int64_t>(pair.key.size() + pair.value.size());
  current_.revisions += pair.version;
}

void UsageGroups::End() {
  if (current_.keys == 0) return;
  if (largest_.size() == limit_) {
    if (!Precedes(current_, largest_.front())) return AddToRest(current_);
    std::pop_heap(largest_.begin(), largest_.end(), Precedes);
    held_bytes_ -= SizeOf(largest_.back());
    AddToRest(largest_.back());
    largest_.pop_back();
  }
  held_bytes_ += SizeOf(current_);
  largest_.push_back(std::move(current_));
  std::push_heap(largest_.begin(), largest_.end(), Precedes);
}

void UsageGroups::AddToRest(const Group& group) {
  rest_.keys += group.keys;
  rest_.bytes += group.bytes;
  rest_.revisions += group.revisions;
}

std::vector<UsageGroups::Group> UsageGroups::Take() {
  End();
  std::sort_heap(largest_.begin(), largest_.end(), Precedes);
  if (rest_.keys > 0) largest_.push_back(std::move(rest_));
  return std::move(largest_);
}

}  // namespace kv
