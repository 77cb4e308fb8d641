#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "base/callback.h"
#include "base/status.h"

namespace server {

// Reads that may begin, in the order in which they do: by turns of their clients, so that whoever
// asks for little is not behind those whose reads pile up. A turn is a few reads of one client,
// not one: their answers then leave together, in one write to its connection.
//
// For one thread.
class ReadTurns {
 public:
  using Read = base::Callback<void(const base::Status& status)>;
  static constexpr size_t kReadsOfTurn = 16;

  // `client` tells clients apart. One that has no read waiting yet is served next.
  void Add(uint64_t client, Read read);
  bool empty() const { return turns_.empty(); }
  // The next read. Requires that some wait.
  Read Take();

 private:
  std::unordered_map<uint64_t, std::deque<Read>> lines_;  // none of them empty
  std::deque<uint64_t> turns_;                            // the clients of lines_
  size_t left_ = kReadsOfTurn;                            // of the turn of the first
};

}  // namespace server
