#include "state/v2/history.h"

#include <utility>

#include "base/check.h"

namespace v2 {
namespace {

size_t BytesOf(const History::Pointer& event) {
  return event == nullptr ? 0 : event->bytes();
}

}  // namespace

void History::Add(Pointer event) {
  bytes_ += BytesOf(event);
  const bool opens = chunks_.empty() || chunks_.back()->size() == kChunk;
  auto last = opens ? std::make_shared<Chunk>() : std::make_shared<Chunk>(*chunks_.back());
  if (opens) chunks_.emplace_back();
  last->push_back(std::move(event));
  chunks_.back() = std::move(last);
  ++end_;
  while (end_ - first_ > kEventsMax || (bytes_ > kBytesMax && end_ - first_ > 1)) {
    bytes_ -= BytesOf(At(first_));
    ++first_;
  }
  while (first_ - base_ >= kChunk) {
    chunks_.erase(chunks_.begin());
    base_ += kChunk;
  }
}

const History::Pointer& History::At(uint64_t index) const {
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
