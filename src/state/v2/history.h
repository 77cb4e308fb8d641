#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "state/v2/event.h"

namespace v2 {

// The last events, one for each index: 1,000 at most, and as many bytes as kBytesMax. What is no
// event of a key, such as another member, has a place without one. Copies are cheap, and share all
// but the last events.
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
  const Pointer& At(uint64_t index) const;
  // Those from `index` on, in their order and without the places that have none; nothing if that
  // is gone.
  std::optional<std::vector<Pointer>> From(uint64_t index) const;

 private:
  using Chunk = std::vector<Pointer>;
  static constexpr size_t kChunk = 50;

  uint64_t first_;
  uint64_t end_;   // the next index
  uint64_t base_;  // the index of what is first in chunks_
  size_t bytes_ = 0;
  // All but the last have kChunk each; what comes before first_ counts no more.
  std::vector<std::shared_ptr<const Chunk>> chunks_;
};

}  // namespace v2
