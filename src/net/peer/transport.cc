#include "net/peer/transport.h"

#include <atomic>
#include <set>
#include <utility>

#include "base/errors.h"
#include "net/peer/hash_answer.h"
#include "net/peer/lease_messages.h"
#include "net/peer/outbox.h"
#include "net/peer/peer_headers.h"
#include "net/peer/peers.h"
#include "net/peer/snapshot_import.h"
#include "net/peer/superseded.h"
#include "runtime/mailbox.h"
#include "state/members/member.h"

namespace peer {
namespace {

constexpr size_t kPromoteAnswerBytesMax = 1 << 20;
constexpr size_t kVersionAnswerBytesMax = 64 << 10;
constexpr runtime::Duration kVersionTimeout = std::chrono::seconds(3);

// What another loop hands over, in the order in which it did.
struct Item {
  std::vector<raft::Message> messages;
  std::optional<server::SnapshotToSend> snapshot;
  std::optional<server::ClusterMembers> members;
};

uint64_t BytesOf(const std::vector<raft::Message>& messages) {
  uint64_t bytes = 0;
  for (const raft::Message& message : messages) bytes += HeldBytes(message);
  return bytes;
}

// Compat: the text of etcd's answers to POST /members/promote/ID, and what a client is told.
base::Result<std::vector<members::Member>> PromotedOf(const http::Client::Answer& answer) {
  if (answer.status == 200) return members::MembersFromJson(answer.body);
  const std::string text = answer.body.substr(0, answer.body.find('\n'));
  if (answer.status == 404) return base::Status(base::errors::kMemberNotFound);
  if (answer.status == 412) {
    const bool is_learner = text.find("in sync with leader") != text.npos;
    return base::Status(is_learner ? base::errors::kLearnerNotReady
                                   : base::errors::kMemberNotLearner);
  }
  return base::Status(base::Code::kUnknown, text);
}

// A question to all other members: answers when the last of them has ended, whoever holds a share
// of it.
template <typename Told>
struct Asking {
  explicit Asking(base::Callback<void(Told told)> done) : answer(std::move(done)) {}
  ~Asking() { answer(std::move(told)); }

  base::Callback<void(Told told)> answer;
  Told told;
};

}  // namespace

// Bounded in bytes and, for what is told rarely, by who tells it: one snapshot a peer at a time,
// and the members at each change.
class Transport::Inbox {
 public:
  Inbox(runtime::Loop* loop, std::shared_ptr<Peers> peers)
      : loop_(loop),
        peers_(std::move(peers)),
        mailbox_(loop, ~size_t{0}, [this](std::vector<Item>& items) { Take(items); }) {}

  void Send(std::vector<raft::Message> messages) {
    const uint64_t bytes = BytesOf(messages);
    if (bytes_.fetch_add(bytes) + bytes > kMailboxBytes) {
      bytes_.fetch_sub(bytes);
      return Drop(messages);
    }
    Put({std::move(messages), std::nullopt, std::nullopt});
  }
  void Put(Item item) { (void)mailbox_.Push(std::move(item)); }

 private:
  void Take(std::vector<Item>& items) {
    for (Item& item : items) {
      bytes_.fetch_sub(BytesOf(item.messages));
      for (raft::Message& message : item.messages) peers_->Send(std::move(message));
      if (item.snapshot.has_value()) peers_->SendSnapshot(*std::move(item.snapshot));
      if (item.members.has_value()) peers_->SetMembers(*std::move(item.members));
    }
    peers_->Flush();
  }
  void Drop(const std::vector<raft::Message>& messages) {
    std::set<base::MemberId> ids;
    for (const raft::Message& message : messages) ids.insert(message.to);
    loop_->Post([peers = peers_, ids = std::move(ids)] {
      for (const base::MemberId id : ids) peers->ReportUnreachable(id);
    });
  }

  runtime::Loop* const loop_;
  const std::shared_ptr<Peers> peers_;
  std::atomic<uint64_t> bytes_ = 0;
  runtime::Mailbox<Item> mailbox_;
};

Transport::Transport(const Options& options, const Environment& environment)
    : options_(options),
      environment_(environment),
      peers_(std::make_shared<Peers>(Peers::Options{.election_timeout = options.election_timeout,
                                                    .snap_dir = options.snap_dir},
                                     environment)),
      inbox_(std::make_unique<Inbox>(environment.loop, peers_)) {}

Transport::~Transport() = default;

base::Status Transport::RemoveUnfinished() {
  return peer::RemoveUnfinished(*environment_.server->disk, options_.snap_dir);
}

void Transport::Start(LocalMember* member, const Identity& identity) {
  peers_->Start(member, identity);
}

void Transport::Close() {
  peers_->Close();
}

void Transport::Send(std::vector<raft::Message> messages) {
  RemoveSuperseded(&messages);
  inbox_->Send(std::move(messages));
}

void Transport::SendSnapshot(server::SnapshotToSend snapshot) {
  inbox_->Put({{}, std::move(snapshot), std::nullopt});
}

void Transport::SetMembers(server::ClusterMembers members) {
  inbox_->Put({{}, std::nullopt, std::move(members)});
}

std::optional<runtime::TimePoint> Transport::ActiveSince(base::MemberId peer) const {
  const auto active = peers_->active();
  const auto found = active->find(peer);
  return found == active->end() ? std::nullopt : std::optional(found->second);
}

std::shared_ptr<const server::AppendTimes> Transport::AppendTimesOf(base::MemberId peer) const {
  const auto times = peers_->append_times();
  const auto found = times->find(peer);
  return found == times->end() ? nullptr : found->second;
}

void Transport::AskVersions(OnVersions on_versions) {
  using Versions = std::map<base::MemberId, members::MemberVersions>;
  environment_.loop->Post([peers = peers_,
                           asking = std::make_shared<Asking<Versions>>(std::move(on_versions))] {
    if (!peers->is_running()) return;
    for (const members::Member& member : peers->members()) {
      Peer* const peer = peers->Find(member.id);
      Endpoints::Endpoint* const endpoint = peer == nullptr ? nullptr : peer->endpoints().current();
      if (endpoint == nullptr) continue;
      endpoint->client->Fetch(
          RequestHead("GET", "/version", endpoint->authority, peers->self()), {},
          kVersionAnswerBytesMax, kVersionTimeout,
          [asking, id = member.id](const base::Result<http::Client::Answer>& answer) {
            if (!answer.ok() || answer->status != 200) return;
            const auto versions = members::VersionsFromJson(answer->body);
            if (versions.ok()) asking->told.emplace(id, *versions);
          });
    }
  });
}

void Transport::AskHashes(base::Revision at, runtime::Duration timeout, OnHashes on_hashes) {
  using Hashes = std::map<base::MemberId, base::Result<server::MemberHash>>;
  environment_.loop->Post([peers = peers_, at, timeout,
                           asking = std::make_shared<Asking<Hashes>>(std::move(on_hashes))] {
    if (!peers->is_running()) return;
    for (const members::Member& member : peers->members()) {
      if (member.id == peers->self().id) continue;
      base::Result<server::MemberHash>& told =
          asking->told
              .emplace(member.id, base::Status(base::Code::kUnavailable, "it cannot be reached"))
              .first->second;
      Peer* const peer = peers->Find(member.id);
      Endpoints::Endpoint* const endpoint = peer == nullptr ? nullptr : peer->endpoints().current();
      if (endpoint == nullptr) continue;
      endpoint->client->Fetch(
          RequestHead("GET", "/members/hashkv", endpoint->authority, peers->self()),
          HashQuestion(at), kHashAnswerBytesMax, timeout, [asking, &told](const auto& answer) {
            told = answer.ok() ? HashOf(answer->status, answer->body) : answer.status();
          });
    }
  });
}

void Transport::ForwardPromote(base::MemberId leader, base::MemberId learner,
                               runtime::TimePoint deadline, OnPromoted on_promoted) {
  environment_.loop->Post([peers = peers_, loop = environment_.loop, leader, learner, deadline,
                           on_promoted = std::make_shared<OnPromoted>(std::move(on_promoted))] {
    const runtime::Duration left = deadline - loop->clock().Now();
    Peer* const peer = peers->is_running() ? peers->Find(leader) : nullptr;
    Endpoints::Endpoint* const endpoint = peer == nullptr ? nullptr : peer->endpoints().current();
    if (endpoint == nullptr || left <= runtime::Duration(0)) {
      return (*on_promoted)(base::Status(base::errors::kTimeout));
    }
    endpoint->client->Fetch(
        RequestHead("POST", "/members/promote/" + ToString(learner), endpoint->authority,
                    peers->self()),
        {}, kPromoteAnswerBytesMax, left, [on_promoted](const auto& answer) {
          (*on_promoted)(answer.ok() ? PromotedOf(*answer) : base::Status(base::errors::kTimeout));
        });
  });
}

void Transport::AskLeader(base::MemberId leader, const std::string& path, base::Bytes body,
                          runtime::TimePoint deadline, OnAnswer done) {
  environment_.loop->Post([peers = peers_, loop = environment_.loop, leader, path,
                           body = std::move(body), deadline, done = std::move(done)]() mutable {
    const runtime::Duration left = deadline - loop->clock().Now();
    Peer* const peer = peers->is_running() ? peers->Find(leader) : nullptr;
    Endpoints::Endpoint* const endpoint = peer == nullptr ? nullptr : peer->endpoints().current();
    if (endpoint == nullptr || left <= runtime::Duration(0)) {
      return done(base::Status(base::errors::kTimeout));
    }
    http::Headers head = RequestHead("POST", path, endpoint->authority, peers->self());
    head.Add("content-type", "application/protobuf");
    endpoint->questions->Fetch(std::move(head), std::move(body), kLeaseAnswerBytesMax, left,
                               std::move(done));
  });
}

void Transport::RenewLease(base::MemberId leader, base::LeaseId lease, runtime::TimePoint deadline,
                           OnLeaseRenewed on_renewed) {
  AskLeader(leader, std::string(kLeases), EncodeRenewal(lease), deadline,
            [lease, on_renewed = std::move(on_renewed)](const auto& answer) mutable {
              if (!answer.ok()) return on_renewed(answer.status());
              on_renewed(RenewedOf(lease, answer->status, answer->body));
            });
}

void Transport::AskLease(base::MemberId leader, base::LeaseId lease, bool keys,
                         runtime::TimePoint deadline, OnLeaseTimes on_times) {
  AskLeader(leader, std::string(kLeaseTimes), EncodeLeaseQuestion({lease, keys}), deadline,
            [lease, on_times = std::move(on_times)](const auto& answer) mutable {
              if (!answer.ok()) return on_times(answer.status());
              on_times(LeaseTimesOf(lease, answer->status, answer->body));
            });
}

}  // namespace peer
