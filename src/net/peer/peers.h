#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/http/plain.h"
#include "net/peer/environment.h"
#include "net/peer/identity.h"
#include "net/peer/local_member.h"
#include "net/peer/peer.h"
#include "net/peer/snapshot_receiver.h"
#include "runtime/published.h"
#include "server/transport.h"

namespace peer {

// The other members, as of the last entry that was applied. Of the peer loop, but for active().
class Peers {
 public:
  // Members that are answered though they are not known.
  static constexpr size_t kRemotesMax = 32;

  struct Options {
    runtime::Duration election_timeout;
    std::string snap_dir;
  };
  // `environment` outlives this.
  Peers(Options options, const Environment& environment);
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  // Before this members are only remembered. `local` outlives this, or Close.
  void Start(LocalMember* local, const Identity& self);
  void Close();
  bool is_running() const { return local_ != nullptr; }

  void SetMembers(server::ClusterMembers members);
  const std::vector<members::Member>& members() const { return members_.members; }

  // To whom it names; lost if that is nobody. Flush sends what gathered. Entries and snapshots are
  // lost, too, if their peer has not said that it understands extensions(): one of etcd would end
  // itself at the first entry of them.
  void Send(raft::Message message);
  void SendSnapshot(server::SnapshotToSend snapshot);
  void Flush();
  // Messages to `id` were lost on their way here.
  void ReportUnreachable(base::MemberId id);

  // What others ask, while this is running.

  const Identity& self() const { return self_; }
  // Which every member must understand.
  const members::Extensions& extensions() const { return members_.extensions; }
  const runtime::Clock& clock() const { return environment_.loop->clock(); }
  // Null if it is not known.
  Peer* Find(base::MemberId id);
  // `from` says in a request what it understands beyond etcd. Whether that is all of extensions().
  bool TakeExtensions(base::MemberId from, members::Extensions understood);
  bool IsRemoved(base::MemberId id) const { return removed_.contains(id); }
  // `id`, which is not known, can be answered at these URLs. Not if there are too many of its kind.
  void AddRemote(base::MemberId id, std::vector<std::string> urls);
  // Takes a message of a single request. What it is answered: 204, or why it is not taken.
  http::PlainResponse Receive(raft::Message message);
  SnapshotReceiver& snapshots() { return *snapshots_; }

  // Since when which peer is active. Any thread.
  using Active = std::map<base::MemberId, runtime::TimePoint>;
  std::shared_ptr<const Active> active() const { return active_.Get(); }
  // How long appends to each of them take. Any thread.
  using Times = std::map<base::MemberId, std::shared_ptr<const server::AppendTimes>>;
  std::shared_ptr<const Times> append_times() const { return append_times_.Get(); }

 private:
  // Why a message is not taken, whoever sends it.
  std::optional<http::PlainResponse> Refusal(const raft::Message& message) const;
  bool Understands(const Peer& peer) const;
  void Update();
  void AddPeer(const members::Member& member);
  void PublishActive();
  void PublishAppendTimes();
  void OnSaidRemoved(base::MemberId by);
  Peer::Parts PeerParts();

  const Options options_;
  const Environment environment_;
  LocalMember* local_ = nullptr;  // null: not running
  Identity self_;
  server::ClusterMembers members_;
  std::set<base::MemberId> removed_;
  std::map<base::MemberId, std::unique_ptr<Peer>> peers_;
  std::map<base::MemberId, std::unique_ptr<Remote>> remotes_;
  std::unique_ptr<SnapshotReceiver> snapshots_;
  std::map<base::MemberId, members::Extensions> told_lacking_;  // by the log, of whom
  std::set<base::MemberId> said_removed_;                       // by whom
  bool reported_removed_ = false;
  runtime::Published<const Active> active_;
  runtime::Published<const Times> append_times_;
};

}  // namespace peer
