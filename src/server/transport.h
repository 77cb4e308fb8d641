#pragma once

#include <memory>
#include <vector>

#include "raft/types.h"
#include "storage/backend/backend.h"

namespace server {

// A snapshot for a member that is too far behind for entries: raft's message, and the database as
// of the snapshot's entry.
struct SnapshotToSend {
  raft::Message message;
  std::unique_ptr<backend::Reader> database;
};

// Carries what members say to each other. Belongs to the raft loop; never calls back from within.
class Transport {
 public:
  virtual ~Transport() = default;
  // Takes messages, each to the member that it names; what cannot be held for a slow or absent peer
  // is dropped, and Server::ReportUnreachable told. Messages may get lost, arrive twice or out of
  // order; but one of kProp never arrives twice, since what it asks for would be done twice.
  virtual void Send(std::vector<raft::Message> messages) = 0;
  // The same for a snapshot; what became of it is told to Server::ReportSnapshot in any case.
  virtual void SendSnapshot(SnapshotToSend snapshot) = 0;
};

}  // namespace server
