#include "net/peer/outbox.h"

#include <utility>

#include "base/check.h"

namespace peer {

uint64_t HeldBytes(const raft::Message& message) {
  uint64_t bytes = sizeof message + message.context.size();
  for (const raft::Entry& entry : message.entries) bytes += sizeof entry + entry.data.size();
  if (message.snapshot != nullptr) bytes += message.snapshot->data.size();
  return bytes;
}

bool Outbox::Push(raft::Message&& message) {
  const uint64_t bytes = HeldBytes(message);
  const bool has_room =
      messages_.size() < limits_.messages_max && bytes_ + bytes <= limits_.bytes_max;
  if (!has_room && !messages_.empty()) return false;
  bytes_ += bytes;
  messages_.push_back(std::move(message));
  return true;
}

raft::Message Outbox::Pop() {
  CHECK(!messages_.empty());
  raft::Message message = std::move(messages_.front());
  messages_.pop_front();
  bytes_ -= HeldBytes(message);
  return message;
}

void Outbox::Clear() {
  messages_.clear();
  bytes_ = 0;
}

}  // namespace peer
