#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "storage/snap/bbolt_page_reader.h"
#include "storage/snap/bbolt_tree_page.h"

namespace snap {

// Walks the records of one tree in order, or backward, with the pages from the root to the leaf in
// memory.
class BboltTreeCursor {
 public:
  enum class Direction { kForward, kBackward };

  // At no record yet; `reader` outlives this.
  explicit BboltTreeCursor(BboltPageReader* reader) : reader_(reader) {}

  // To before the first record of the tree at page `root`; backward, to behind the last.
  base::Status Start(uint64_t root, Direction direction = Direction::kForward);
  // The same for a tree that is the one leaf `page`, which lies inside page `home`.
  base::Status StartInline(BboltTreePage page, uint64_t home,
                           Direction direction = Direction::kForward);

  // To the next record in that direction; false after the last.
  base::Result<bool> Next();

  // The current record, borrowed until Next or a Start.
  base::ByteView key() const { return leaf().page.key(leaf().index); }
  base::ByteView value() const { return leaf().page.value(leaf().index); }
  uint32_t flags() const { return leaf().page.flags(leaf().index); }
  // The page that the current record lies in.
  uint64_t page() const { return leaf().home; }

 private:
  struct Frame {
    BboltTreePage page;
    uint64_t home;
    size_t index = 0;
  };

  const Frame& leaf() const { return path_.back(); }
  base::Status Push(uint64_t id);
  // Where the direction begins in such a page.
  size_t FirstIndex(const BboltTreePage& page) const;
  // To the next element of the page; false after the last.
  bool Step(Frame* frame) const;
  // From the branch at the end of the path to the first leaf below its current child.
  base::Status Descend();
  // Whether the keys of a child lie between its own in the branch above and the next one there.
  bool FitsItsPlace(const BboltTreePage& child) const;

  BboltPageReader* reader_;
  std::vector<Frame> path_;  // the root first
  Direction direction_ = Direction::kForward;
  bool before_first_ = false;
};

}  // namespace snap
