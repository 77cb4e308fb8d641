#include "net/peer/acceptable.h"

#include <algorithm>

#include "state/apply/request_support.h"

namespace peer {

bool IsAcceptable(const raft::Message& message, const members::Extensions& extensions) {
  if (message.type == raft::MessageType::kSnap) return false;
  if (message.type != raft::MessageType::kProp) return true;
  return std::all_of(message.entries.begin(), message.entries.end(), [&](const raft::Entry& entry) {
    return apply::CanBeApplied(entry, extensions);
  });
}

}  // namespace peer
