#include "raft/inflights.h"

#include <algorithm>

#include "base/check.h"

namespace raft {

void Inflights::Add(Index last, uint64_t bytes) {
  CHECK(!full());
  if (count_ == ring_.size()) Grow();
  size_t place = start_ + count_;
  if (place >= ring_.size()) place -= ring_.size();
  ring_[place] = {last, bytes};
  ++count_;
  bytes_ += bytes;
}

void Inflights::Grow() {
  std::vector<Sent> larger(std::min<size_t>(std::max<size_t>(1, ring_.size() * 2), messages_max_));
  for (size_t i = 0; i < count_; ++i) larger[i] = ring_[(start_ + i) % ring_.size()];
  ring_ = std::move(larger);
  start_ = 0;
}

void Inflights::FreeThrough(Index index) {
  while (count_ > 0 && ring_[start_].last <= index) {
    bytes_ -= ring_[start_].bytes;
    --count_;
    if (++start_ == ring_.size()) start_ = 0;
  }
}

void Inflights::Clear() {
  start_ = 0;
  count_ = 0;
  bytes_ = 0;
}

}  // namespace raft
