#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/http/tls_context.h"
#include "net/peer/identity.h"
#include "net/peer/local_member.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "runtime/network.h"
#include "runtime/workers.h"
#include "server/environment.h"
#include "server/transport.h"
#include "state/members/member.h"

namespace peer {

// What peers are reached with. All of it outlives the transport.
struct Environment {
  // The peer loop: its sockets, and nothing else that takes long.
  runtime::Loop* loop;
  runtime::Network* network;  // of that loop
  // How members at https:// URLs are talked to; asked at each dial. Null: they are not reached.
  std::function<std::shared_ptr<const http::TlsContext>()> tls;
  // Its disk, bulk_workers, open_backend, move_backend, logger and registry.
  const server::Environment* server;
};

// Carries messages to the other members and back, over HTTP as etcd's members do, on a loop of its
// own: the peer loop. What comes in from them is answered by peer::Service on the same loop.
//
// What waits to be sent is bounded in bytes: kMailboxBytes on the way to the peer loop, and for
// each peer Outbox::kBytesMax; a message that finds no room is dropped and reported as unreachable.
// One peer's never waits for another's.
class Transport final : public server::Transport {
 public:
  struct Options {
    runtime::Duration election_timeout = std::chrono::seconds(1);
    // Where snapshots of other members are received: the member's snap directory.
    std::string snap_dir;
  };
  static constexpr uint64_t kMailboxBytes = 256 << 20;

  Transport(const Options& options, const Environment& environment);
  // After Close, or after the peer loop has stopped.
  ~Transport() override;

  // Removes what an unfinished snapshot has left in the directory; blocks on the disk. Before
  // Start, on any thread.
  base::Status RemoveUnfinished();
  // Begins to dial the members that it was told of. `member` outlives this or Close. On the peer
  // loop, before the first message.
  void Start(LocalMember* member, const Identity& identity);
  // Ends all connections that it has dialled, and all work; nothing is told to the member after
  // this. On the peer loop.
  void Close();

  // server::Transport. On the raft loop.
  void Send(std::vector<raft::Message> messages) override;
  void SendSnapshot(server::SnapshotToSend snapshot) override;

  // Who belongs to the cluster, this member among them, and who was removed from it, as of the last
  // entry applied. Any thread; the last call counts.
  void SetMembers(std::vector<members::Member> members, std::set<base::MemberId> removed);
  // Since when messages from that member arrive; nothing while they do not. Any thread.
  std::optional<runtime::TimePoint> ActiveSince(base::MemberId id) const;

 private:
  class Core;

  // Of the peer loop; what is under way there holds a share of it.
  std::shared_ptr<Core> core_;
};

}  // namespace peer
