#include "state/v2/history.h"

#include <utility>

#include "base/check.h"

namespace v2 {

void History::Add(Pointer event) {
  const size_t bytes = event == nullptr ? 0 : event->bytes();
  bytes_ += bytes;
  const size_t place = (end_ - base_) % kChunk;
  if (place == 0) chunks_.push_back(std::make_shared<Chunk>());
  (*chunks_.back())[place] = {std::move(event), bytes};
  ++end_;
  while (end_ - first_ > kEventsMax || (bytes_ > kBytesMax && end_ - first_ > 1)) {
    bytes_ -= PlaceOf(first_).bytes;
    ++first_;
  }
  while (first_ - base_ >= kChunk) {
    chunks_.erase(chunks_.begin());
    base_ += kChunk;
  }
}

const History::Place& History::PlaceOf(uint64_t index) const {
  CHECK(index >= first_ && index < end_);
  return (*chunks_[(index - base_) / kChunk])[(index - base_) % kChunk];
}

std::optional<std::vector<History::Pointer>> History::From(uint64_t index) const {
  if (index < first_) return std::nullopt;
  std::vector<Pointer> found;
  for (; index < end_; ++index) {
    if (At(index) != nullptr) found.push_back(At(index));
  }
  return found;
}

}  // namespace v2
