#include "storage/snap/bbolt_tree_cursor.h"

#include <utility>

namespace snap {
namespace {

// No tree that bbolt writes is higher: a branch has at least two children. Bounds what a damaged
// file can make the path hold.
constexpr size_t kHeightMax = 40;

}  // namespace

base::Status BboltTreeCursor::Start(uint64_t root, Direction direction) {
  path_.clear();
  direction_ = direction;
  RETURN_IF_ERROR(Push(root));
  before_first_ = true;
  return Descend();
}

base::Status BboltTreeCursor::StartInline(BboltTreePage page, uint64_t home, Direction direction) {
  path_.clear();
  direction_ = direction;
  std::string_view fault = page.Fault();
  if (fault.empty() && !page.is_leaf()) fault = "not a leaf";
  if (!fault.empty()) {
    return reader_->Damage(home, std::string("a bucket inside this page: ").append(fault));
  }
  const size_t first = FirstIndex(page);
  path_.push_back({.page = std::move(page), .home = home, .index = first});
  before_first_ = true;
  return {};
}

base::Result<bool> BboltTreeCursor::Next() {
  if (path_.empty()) return false;
  // A root without any records may be at the end of the path.
  bool is_there = std::exchange(before_first_, false) && path_.back().page.count() > 0;
  while (!is_there) {
    is_there = Step(&path_.back());
    if (is_there) break;
    path_.pop_back();
    if (path_.empty()) return false;
  }
  RETURN_IF_ERROR(Descend());
  return true;
}

size_t BboltTreeCursor::FirstIndex(const BboltTreePage& page) const {
  return direction_ == Direction::kForward || page.count() == 0 ? 0 : page.count() - 1;
}

bool BboltTreeCursor::Step(Frame* frame) const {
  if (direction_ == Direction::kForward) {
    if (frame->index + 1 >= frame->page.count()) return false;
    ++frame->index;
    return true;
  }
  if (frame->index == 0) return false;
  --frame->index;
  return true;
}

base::Status BboltTreeCursor::Push(uint64_t id) {
  if (path_.size() == kHeightMax) return reader_->Damage(id, "too far from the root");
  ASSIGN_OR_RETURN(BboltTreePage page, reader_->ReadTreePage(id));
  const bool is_root = path_.empty();
  if (page.count() == 0 && !(is_root && page.is_leaf())) return reader_->Damage(id, "empty");
  if (!is_root && !FitsItsPlace(page)) {
    return reader_->Damage(id, "keys outside of the range that the branch above gives them");
  }
  const size_t first = FirstIndex(page);
  path_.push_back({.page = std::move(page), .home = id, .index = first});
  return {};
}

base::Status BboltTreeCursor::Descend() {
  while (!path_.back().page.is_leaf()) {
    RETURN_IF_ERROR(Push(path_.back().page.child(path_.back().index)));
  }
  return {};
}

bool BboltTreeCursor::FitsItsPlace(const BboltTreePage& child) const {
  const Frame& parent = path_.back();
  if (child.key(0) < parent.page.key(parent.index)) return false;
  for (auto frame = path_.rbegin(); frame != path_.rend(); ++frame) {
    if (frame->index + 1 == frame->page.count()) continue;
    return child.key(child.count() - 1) < frame->page.key(frame->index + 1);
  }
  return true;
}

}  // namespace snap
