#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "state/v2/event.h"

namespace v2 {

// The last events, one for each index: 1,000 at most, and as many bytes as kBytesMax. What is no
// event of a key, such as another member, has a place without one. Copies are cheap: they share the
// events, and any thread may read one. Only the copy that has the most events may be added to.
class History {
 public:
  using Pointer = std::shared_ptr<const Event>;
  static constexpr size_t kEventsMax = 1'000;
  static constexpr size_t kBytesMax = size_t{64} << 20;

  // Begins with what `first` will be the index of.
  explicit History(uint64_t first = 1) : first_(first), end_(first), base_(first) {}

  // Of the next index; null for none.
  void Add(Pointer event);
  // The index of the oldest.
  uint64_t first() const { return first_; }
  // Null for a place without one. From first() on, and there is one of that index.
  const Pointer& At(uint64_t index) const { return PlaceOf(index).event; }
  // Those from `index` on, in their order and without the places that have none; nothing if that
  // is gone.
  std::optional<std::vector<Pointer>> From(uint64_t index) const;

 private:
  static constexpr size_t kChunk = 50;
  // Of one index. Why its size is here: what goes is not looked at any more, and would not be in
  // the processor's cache.
  struct Place {
    Pointer event;
    size_t bytes = 0;
  };
  // Filled from the front; what a copy reads was there when it was made.
  using Chunk = std::array<Place, kChunk>;

  // From first() on, and there is one of that index.
  const Place& PlaceOf(uint64_t index) const;

  uint64_t first_;
  uint64_t end_;   // the next index
  uint64_t base_;  // the index of what is first in chunks_
  size_t bytes_ = 0;
  // What comes before first_ counts no more.
  std::vector<std::shared_ptr<Chunk>> chunks_;
};

}  // namespace v2
