#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/snap/bbolt_node.h"
#include "storage/snap/bbolt_page_output.h"

namespace snap {

// Builds one tree from its records in order, from the leaves up, each page emitted once it is
// known to be final and after all pages below it. In memory at any time: two pages a level.
//
// Invariant: a page of a tree of several pages has at least two elements. (bbolt gives up on a
// branch with a single child when that child becomes small.)
class BboltTreeBuilder {
 public:
  // `output` outlives this; several trees may be built at once. `name` is how errors call the
  // tree.
  BboltTreeBuilder(BboltPageOutput* output, std::string name);

  // The next record. `flags` as in a leaf element. kInvalidArgument for a key or value of a size
  // that bbolt refuses, kDataLoss for one that does not follow the key before it.
  base::Status Add(base::ByteView key, base::ByteView value, uint32_t flags = 0);

  // The whole tree as the value of an inline bucket, if bbolt would keep it inline: a single leaf
  // of at most a quarter of a page. Ends the building.
  std::optional<base::Bytes> TakeInlineBucket();
  // Emits what is left and returns the number of the root's page. Ends the building.
  base::Result<uint64_t> Finish();

 private:
  // The pages of one height that are not yet emitted: the last one, which takes elements, and the
  // one before, which is full but may have to give or take an element at the end.
  struct Level {
    explicit Level(uint16_t page_flags) : open(page_flags) {}
    std::optional<BboltNode> full;
    BboltNode open;
    bool emitted_any = false;
  };

  base::Status CheckRecord(base::ByteView key, base::ByteView value) const;
  bool HasRoom(const BboltNode& node, const BboltNode::Element& element) const;
  base::Status AddTo(size_t height, const BboltNode::Element& element);
  // Emits a page that is not the root and enters it in the level above.
  base::Status EmitChild(size_t height, const BboltNode& node);
  // Leaves the last two pages of a level with two elements each, or makes them one.
  static void EvenOut(Level* level);

  BboltPageOutput& output_;
  const std::string name_;
  std::deque<Level> levels_;  // leaves first; references stay valid as it grows
  base::Bytes last_key_;
};

}  // namespace snap
