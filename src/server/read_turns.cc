#include "server/read_turns.h"

#include <utility>

#include "base/check.h"

namespace server {

void ReadTurns::Add(uint64_t client, Read read) {
  std::deque<Read>& line = lines_[client];
  if (line.empty()) {
    turns_.push_front(client);
    left_ = kReadsOfTurn;
  }
  line.push_back(std::move(read));
}

ReadTurns::Read ReadTurns::Take() {
  CHECK(!turns_.empty());
  const uint64_t client = turns_.front();
  const auto found = lines_.find(client);
  std::deque<Read>& line = found->second;
  Read read = std::move(line.front());
  line.pop_front();
  const bool all_taken = line.empty();
  if (!all_taken && --left_ > 0) return read;
  left_ = kReadsOfTurn;
  turns_.pop_front();
  if (all_taken) {
    lines_.erase(found);
  } else {
    turns_.push_back(client);
  }
  return read;
}

}  // namespace server
