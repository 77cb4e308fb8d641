#include "net/peer/append_order.h"

#include <algorithm>

namespace peer {

void SortAppends(std::vector<raft::Message>* messages) {
  const auto end = messages->end();
  for (auto begin = messages->begin(); begin != end;) {
    const auto continues = [&](const raft::Message& message) {
      return message.type == raft::MessageType::kApp && message.term == begin->term &&
             message.from == begin->from;
    };
    const auto run_end = std::find_if_not(begin, end, continues);
    std::stable_sort(begin, run_end, [](const raft::Message& a, const raft::Message& b) {
      return a.index < b.index;
    });
    begin = run_end == begin ? std::next(begin) : run_end;
  }
}

}  // namespace peer
