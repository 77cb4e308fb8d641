#include "net/peer/peers.h"

#include <algorithm>
#include <utility>

#include "net/peer/acceptable.h"
#include "net/peer/answer.h"

namespace peer {

Peers::Peers(Options options, const Environment& environment)
    : options_(std::move(options)), environment_(environment) {
  PublishActive();
  PublishAppendTimes();
}

Peers::~Peers() {
  Close();
}

void Peers::Start(LocalMember* local, const Identity& self) {
  local_ = local;
  self_ = self;
  snapshots_ = std::make_unique<SnapshotReceiver>(SnapshotReceiver::Parts{
      .environment = &environment_,
      .self = &self_,
      .local = local_,
      .directory = options_.snap_dir,
      .refuse = [this](const raft::Message& message) { return Refusal(message); }});
  Update();
}

void Peers::Close() {
  local_ = nullptr;
  peers_.clear();
  remotes_.clear();
  snapshots_.reset();
}

void Peers::SetMembers(server::ClusterMembers members) {
  members_ = std::move(members);
  removed_ = {members_.removed.begin(), members_.removed.end()};
  if (is_running()) Update();
}

void Peers::Update() {
  std::set<base::MemberId> present;
  for (const members::Member& member : members_.members) {
    if (member.id == self_.id) {
      self_.peer_urls = member.peer_urls;
      continue;
    }
    present.insert(member.id);
    remotes_.erase(member.id);
    Peer* const known = Find(member.id);
    if (known == nullptr) {
      AddPeer(member);
    } else if (known->urls() != member.peer_urls) {
      known->SetUrls(member.peer_urls);
    }
  }
  std::erase_if(peers_, [&](const auto& each) {
    if (present.contains(each.first)) return false;
    environment_.server->logger->Info(
        "removed remote peer", {{"local-member-id", members::HexText(self_.id.value())},
                                {"removed-remote-peer-id", members::HexText(each.first.value())}});
    return true;
  });
  std::erase_if(remotes_, [&](const auto& each) { return IsRemoved(each.first); });
  std::erase_if(said_removed_, [&](base::MemberId by) { return !present.contains(by); });
  std::erase_if(told_lacking_, [&](const auto& each) { return !present.contains(each.first); });
  PublishActive();
  PublishAppendTimes();
}

void Peers::AddPeer(const members::Member& member) {
  const base::MemberId id = member.id;
  environment_.server->logger->Info("added remote peer",
                                    {{"local-member-id", members::HexText(self_.id.value())},
                                     {"remote-peer-id", members::HexText(id.value())},
                                     {"remote-peer-urls", member.peer_urls}});
  peers_[id] =
      std::make_unique<Peer>(PeerParts(), id, member.peer_urls,
                             Peer::Hooks{.on_activity =
                                             [this, id] {
                                               said_removed_.erase(id);
                                               PublishActive();
                                             },
                                         .on_said_removed = [this, id] { OnSaidRemoved(id); }});
}

Peer::Parts Peers::PeerParts() {
  return {.environment = &environment_,
          .self = &self_,
          .local = local_,
          // Compat: as etcd's.
          .dial_timeout = std::chrono::seconds(1) + options_.election_timeout};
}

Peer* Peers::Find(base::MemberId id) {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : found->second.get();
}

bool Peers::Understands(const Peer& peer) const {
  if (members_.extensions.empty()) return true;
  const auto& understood = peer.extensions();
  return understood.has_value() && members::Lacking(members_.extensions, *understood).empty();
}

bool Peers::TakeExtensions(base::MemberId from, members::Extensions understood) {
  members::Extensions lacking = members::Lacking(members_.extensions, understood);
  Peer* const peer = Find(from);
  if (peer == nullptr) return lacking.empty();
  peer->SetExtensions(std::move(understood));
  if (lacking.empty()) {
    told_lacking_.erase(from);
    return true;
  }
  if (std::exchange(told_lacking_[from], lacking) != lacking) {
    environment_.server->logger->Warn(
        "a remote peer gets no entries: it does not understand what the cluster uses",
        {{"local-member-id", members::HexText(self_.id.value())},
         {"remote-peer-id", members::HexText(from.value())},
         {"extensions", members::ToText(lacking)}});
  }
  return false;
}

void Peers::AddRemote(base::MemberId id, std::vector<std::string> urls) {
  const bool is_needed = id != self_.id && id != base::MemberId() && !IsRemoved(id) &&
                         Find(id) == nullptr && !remotes_.contains(id) && !urls.empty();
  if (!is_needed || remotes_.size() >= kRemotesMax) return;
  environment_.server->logger->Info("added new remote peer",
                                    {{"local-member-id", members::HexText(self_.id.value())},
                                     {"remote-peer-id", members::HexText(id.value())},
                                     {"remote-peer-urls", urls}});
  remotes_[id] = std::make_unique<Remote>(PeerParts(), id, std::move(urls));
}

void Peers::Send(raft::Message message) {
  if (!is_running()) return;
  if (Peer* const peer = Find(message.to)) {
    const bool withheld = message.type == raft::MessageType::kApp && !Understands(*peer);
    return withheld ? local_->ReportUnreachable(message.to) : peer->Send(std::move(message));
  }
  const auto remote = remotes_.find(message.to);
  if (remote != remotes_.end()) return remote->second->Send(std::move(message));
  environment_.server->logger->Debug(
      "ignored message send request; unknown remote peer target",
      {{"type", static_cast<uint64_t>(message.type)},
       {"unknown-target-peer-id", members::HexText(message.to.value())}});
}

void Peers::SendSnapshot(server::SnapshotToSend snapshot) {
  if (!is_running()) return;
  const base::MemberId to = snapshot.message.to;
  Peer* const peer = Find(to);
  if (peer != nullptr && Understands(*peer)) return peer->SendSnapshot(std::move(snapshot));
  local_->ReportSnapshot(to, false);
}

void Peers::Flush() {
  for (const auto& [id, peer] : peers_) peer->Flush();
}

void Peers::ReportUnreachable(base::MemberId id) {
  if (is_running()) local_->ReportUnreachable(id);
}

std::optional<http::PlainResponse> Peers::Refusal(const raft::Message& message) const {
  if (IsRemoved(message.from)) return RemovedMember();
  // Compat: etcd answers 403, on which a member of etcd that has sent it ends itself.
  if (message.to != self_.id) return http::TextResponse(412, "to field mismatch");
  return std::nullopt;
}

http::PlainResponse Peers::Receive(raft::Message message) {
  if (auto refusal = Refusal(message)) return *std::move(refusal);
  if (!IsAcceptable(message, self_.extensions) || !local_->Step(std::move(message))) {
    return http::TextResponse(500, "error processing raft message");
  }
  return {.status = 204, .fields = {}, .body = {}};
}

void Peers::PublishActive() {
  Active active;
  for (const auto& [id, peer] : peers_) {
    if (peer->active_since().has_value()) active.emplace(id, *peer->active_since());
  }
  active_.Set(std::make_shared<const Active>(std::move(active)));
}

void Peers::PublishAppendTimes() {
  Times times;
  for (const auto& [id, peer] : peers_) times.emplace(id, peer->append_times());
  append_times_.Set(std::make_shared<const Times>(std::move(times)));
}

// Why not one peer alone: it may be of another mind than the cluster, or lie.
void Peers::OnSaidRemoved(base::MemberId by) {
  if (said_removed_.insert(by).second) {
    environment_.server->logger->Warn(
        "a remote peer says that this member was removed from the cluster",
        {{"local-member-id", members::HexText(self_.id.value())},
         {"remote-peer-id", members::HexText(by.value())}});
  }
  if (said_removed_.size() <= peers_.size() / 2 || std::exchange(reported_removed_, true)) return;
  local_->ReportRemoved();
}

}  // namespace peer
