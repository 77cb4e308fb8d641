#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http/client.h"
#include "net/peer/environment.h"
#include "net/peer/identity.h"
#include "net/peer/local_member.h"
#include "server/transport.h"

namespace peer {

class Peers;

// Carries messages to the other members and back, over HTTP as etcd's members do, on a loop of its
// own: the peer loop. What comes in from them is answered by peer::Service on the same loop.
//
// What waits to be sent is bounded in bytes: kMailboxBytes on the way to the peer loop, and for
// each peer twice Outbox::Limits::bytes_max on streams, or once in single requests. A message that
// finds no room is dropped and reported as unreachable. One peer's never waits for another's.
class Transport final : public server::Transport {
 public:
  struct Options {
    runtime::Duration election_timeout = std::chrono::seconds(1);
    // Where snapshots of other members are received: the member's snap directory.
    std::string snap_dir;
  };
  static constexpr uint64_t kMailboxBytes = 256 << 20;

  Transport(const Options& options, const Environment& environment);
  // On the peer loop; or after Close, once the loop has stopped.
  ~Transport() override;

  // Removes what an unfinished snapshot has left in the directory; blocks on the disk. Before
  // Start, on any thread.
  base::Status RemoveUnfinished();
  // Begins to dial the members that it was told of. `member` outlives this, or Close. On the peer
  // loop, before the first message.
  void Start(LocalMember* member, const Identity& identity);
  // Ends all connections that it has dialled, the streams that it answers with, and all work;
  // nothing is told to the member after this. On the peer loop.
  void Close();

  // server::Transport
  void Send(std::vector<raft::Message> messages) override;
  void SendSnapshot(server::SnapshotToSend snapshot) override;
  void SetMembers(server::ClusterMembers members) override;
  std::optional<runtime::TimePoint> ActiveSince(base::MemberId peer) const override;
  std::shared_ptr<const server::AppendTimes> AppendTimesOf(base::MemberId peer) const override;
  void AskVersions(OnVersions on_versions) override;
  void AskHashes(base::Revision at, runtime::Duration timeout, OnHashes on_hashes) override;
  void ForwardPromote(base::MemberId leader, base::MemberId learner, runtime::TimePoint deadline,
                      OnPromoted on_promoted) override;
  void RenewLease(base::MemberId leader, base::LeaseId lease, runtime::TimePoint deadline,
                  OnLeaseRenewed on_renewed) override;
  void AskLease(base::MemberId leader, base::LeaseId lease, bool keys, runtime::TimePoint deadline,
                OnLeaseTimes on_times) override;

  // Of the peer loop.
  const std::shared_ptr<Peers>& shared_peers() const { return peers_; }

 private:
  class Inbox;

  // Posts what is asked of a lease to its leader; `done` gets the answer, or why there is none.
  using OnAnswer = base::Callback<void(const base::Result<http::Client::Answer>& answer)>;
  void AskLeader(base::MemberId leader, const std::string& path, base::Bytes body,
                 runtime::TimePoint deadline, OnAnswer done);

  const Options options_;
  const Environment environment_;
  const std::shared_ptr<Peers> peers_;  // shared with tasks on the peer loop
  const std::unique_ptr<Inbox> inbox_;
};

}  // namespace peer
