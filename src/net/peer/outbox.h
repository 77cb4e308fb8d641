#pragma once

#include <cstdint>
#include <deque>

#include "raft/types.h"

namespace peer {

// What a message takes in memory, entries included, which the log may hold as well.
uint64_t HeldBytes(const raft::Message& message);

// Messages to one peer that wait for a connection to take them, oldest first. Bounded in messages
// and in bytes; a message that finds no room is the sender's to drop. Of the peer loop.
class Outbox {
 public:
  struct Limits {
    size_t messages_max = 4096;
    // One message always finds room, however large.
    uint64_t bytes_max = 64 << 20;
  };

  Outbox() : Outbox(Limits()) {}
  explicit Outbox(const Limits& limits) : limits_(limits) {}

  // False, with `message` untouched, if there is no room for it.
  [[nodiscard]] bool Push(raft::Message&& message);
  // There is one.
  raft::Message Pop();
  void Clear();

  bool empty() const { return messages_.empty(); }
  size_t size() const { return messages_.size(); }
  uint64_t bytes() const { return bytes_; }

 private:
  const Limits limits_;
  std::deque<raft::Message> messages_;
  uint64_t bytes_ = 0;
};

}  // namespace peer
