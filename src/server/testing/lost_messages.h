#pragma once

#include <vector>

#include "server/transport.h"

namespace server {

// The way to members that never answer: a member that is not alone gets no leader by it.
class LostMessages final : public Transport {
 public:
  void Send(std::vector<raft::Message>) override {}
  void SendSnapshot(SnapshotToSend) override {}
};

}  // namespace server
