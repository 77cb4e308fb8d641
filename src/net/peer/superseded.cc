#include "net/peer/superseded.h"

#include <map>
#include <utility>

namespace peer {

void RemoveSuperseded(std::vector<raft::Message>* messages) {
  if (messages->size() < 2) return;
  using Leader = std::pair<base::MemberId, base::Term>;
  std::map<Leader, const raft::Message*> newest;
  const auto acknowledges = [](const raft::Message& message) {
    return message.type == raft::MessageType::kAppResp && !message.reject;
  };
  for (const raft::Message& message : *messages) {
    if (!acknowledges(message)) continue;
    const raft::Message*& known = newest[{message.to, message.term}];
    if (known == nullptr || message.index >= known->index) known = &message;
  }
  if (newest.empty()) return;
  std::vector<raft::Message> kept;
  kept.reserve(messages->size());
  for (raft::Message& message : *messages) {
    if (acknowledges(message) && newest[{message.to, message.term}] != &message) continue;
    kept.push_back(std::move(message));
  }
  *messages = std::move(kept);
}

}  // namespace peer
