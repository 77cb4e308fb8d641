#pragma once

#include <vector>

#include "raft/types.h"

namespace server {

// Carries raft's messages to other members. Belongs to the raft loop.
class Transport {
 public:
  virtual ~Transport() = default;
  // Takes messages, each to the member that it names; what cannot be held for a slow or absent peer
  // is dropped, and Replica::ReportUnreachable told. Messages may get lost, arrive twice or out of
  // order. Never calls back from within.
  virtual void Send(std::vector<raft::Message> messages) = 0;
};

}  // namespace server
