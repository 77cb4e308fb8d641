#pragma once

#include <cstdint>
#include <vector>

#include "raft/types.h"

namespace raft {

// The appends that are on their way to one follower and not yet acknowledged: a window bounded by
// messages and by payload bytes. The byte bound may be overshot by the last message, so that one
// large entry can always go.
class Inflights {
 public:
  // `bytes_max` 0 stands for no limit.
  Inflights(uint32_t messages_max, uint64_t bytes_max)
      : messages_max_(messages_max), bytes_max_(bytes_max) {}

  // `last` is the message's last entry, larger than any before it. Not when full().
  void Add(Index last, uint64_t bytes);
  // Forgets the messages whose last entry is at or before `index`.
  void FreeThrough(Index index);
  void Clear();

  bool full() const { return count_ == messages_max_ || (bytes_max_ != 0 && bytes_ >= bytes_max_); }
  size_t count() const { return count_; }
  uint64_t bytes() const { return bytes_; }

 private:
  struct Sent {
    Index last;
    uint64_t bytes;
  };

  void Grow();

  uint32_t messages_max_;
  uint64_t bytes_max_;
  // A ring: count_ messages from start_ on. It grows by doubling up to messages_max_, because most
  // followers never use the whole window.
  std::vector<Sent> ring_;
  size_t start_ = 0;
  size_t count_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace raft
