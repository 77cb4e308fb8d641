#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "net/http/exchange.h"
#include "net/http/plain.h"
#include "net/peer/environment.h"
#include "net/peer/identity.h"
#include "net/peer/local_member.h"
#include "net/peer/metrics.h"
#include "net/peer/snapshot_sender.h"

namespace peer {

// Snapshots from other members (POST /raft/snapshot; for the body see snapshot_sender.h). Workers
// make a database of this member's kind of what comes: of an image once it is whole, of records as
// they come (ArrivingDatabase). It is whole, checked and durable before the member hears of the
// snapshot.
// Nothing of the member's own is touched, whatever arrives. Of a snapshot of an entry that the
// member has applied, which it has no use for, the message alone is taken.
//
// Bounded: kReceptionsMax at a time, one a sender, whose next one ends the one before; in memory,
// of each, the message (kSnapshotMessageBytesMax) and what its connection's window allows; on the
// disk, a reserve is left to others. Of the peer loop.
class SnapshotReceiver {
 public:
  static constexpr size_t kReceptionsMax = 4;
  // For the next byte: the sender may have to read all of its database for it.
  static constexpr runtime::Duration kStallTimeout = std::chrono::minutes(5);

  struct Parts {
    const Environment* environment;
    const Identity* self;
    LocalMember* local;
    std::string directory;
    // Why a message is not taken, whoever sends it; nothing if it is.
    std::function<std::optional<http::PlainResponse>(const raft::Message& message)> refuse;
  };
  // All outlive this.
  explicit SnapshotReceiver(Parts parts);
  ~SnapshotReceiver();
  SnapshotReceiver(const SnapshotReceiver&) = delete;
  SnapshotReceiver& operator=(const SnapshotReceiver&) = delete;

  // Takes the request, which `from` has sent. `is_known`: it is a member, and measured.
  std::shared_ptr<http::ExchangeHandler> Receive(http::Exchange& exchange, base::MemberId from,
                                                 bool is_known, SnapshotForm form);

  size_t under_way() const { return receptions_.size(); }

 private:
  class Reception;

  SnapshotReceiveMetrics* MetricsOf(base::MemberId from);
  void Forget(const Reception* reception);

  const Parts parts_;
  uint64_t files_ = 0;  // so far
  std::map<base::MemberId, std::shared_ptr<Reception>> receptions_;
  std::map<base::MemberId, SnapshotReceiveMetrics> metrics_;
};

}  // namespace peer
