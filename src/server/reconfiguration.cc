#include "server/reconfiguration.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/errors.h"
#include "state/apply/member_list.h"

namespace server {
namespace {

// Between two looks for a leader, or tries to ask it.
constexpr runtime::Duration kPromoteRetry = std::chrono::milliseconds(100);
// A learner that lacks no more than so many entries is waited for, for so long: who has seen that
// it is ready may ask before its last acknowledgement is here.
constexpr uint64_t kNearlyInSync = 16;
constexpr runtime::Duration kSyncWait = std::chrono::milliseconds(500);

size_t Quorum(size_t voters) {
  return voters / 2 + 1;
}

bool IsStarted(const members::Member& member) {
  return !member.name.empty();
}

size_t CountStarted(const std::vector<const members::Member*>& members) {
  return static_cast<size_t>(
      std::count_if(members.begin(), members.end(),
                    [](const members::Member* member) { return IsStarted(*member); }));
}

std::string_view TypeName(raft::ConfChangeType type) {
  switch (type) {
    case raft::ConfChangeType::kAddNode:
      return "ConfChangeAddNode";
    case raft::ConfChangeType::kRemoveNode:
      return "ConfChangeRemoveNode";
    case raft::ConfChangeType::kUpdateNode:
      return "ConfChangeUpdateNode";
    case raft::ConfChangeType::kAddLearnerNode:
      return "ConfChangeAddLearnerNode";
  }
  return "";
}

// What a leader has decided, which asking again would not change.
bool IsFinal(const base::Status& status) {
  return status == base::errors::kMemberNotFound || status == base::errors::kMemberNotLearner ||
         status == base::errors::kLearnerNotReady ||
         status == base::errors::kNotEnoughStartedMembers;
}

bool IsNearlyInSync(const Replica::Replication& replication) {
  return replication.member.has_value() && replication.own - *replication.member <= kNearlyInSync;
}

}  // namespace

Reconfiguration::Reconfiguration(const Options& options, const Environment& environment,
                                 const Parts& parts)
    : options_(options),
      environment_(environment),
      parts_(parts),
      metrics_(environment.registry),
      retry_timer_(environment.apply_loop->NewTimer([this] { OnRetry(); })) {}

void Reconfiguration::Add(members::Member member, const Caller& caller, OnChanged on_changed) {
  environment_.apply_loop->Post(
      [this, member = std::move(member), caller, on_changed = std::move(on_changed)]() mutable {
        if (const auto& needed = parts_.apply_loop->members().extensions(); !needed.empty()) {
          environment_.logger->Warn("adding a member, which must understand more than etcd does",
                                    {{"member-id", members::HexText(member.id.value())},
                                     {"extensions", members::ToText(needed)}});
        }
        const raft::ConfChangeType type = member.is_learner ? raft::ConfChangeType::kAddLearnerNode
                                                            : raft::ConfChangeType::kAddNode;
        ProposeIf(CheckAdd(member),
                  {.type = type, .node_id = member.id, .context = members::ToJson(member)}, caller,
                  std::move(on_changed));
      });
}

void Reconfiguration::Remove(base::MemberId id, const Caller& caller, OnChanged on_changed) {
  environment_.apply_loop->Post([this, id, caller, on_changed = std::move(on_changed)]() mutable {
    const bool leads = parts_.progress->leader == id.value() && Voters().size() > 1;
    if (!leads || !CheckRemove(id).ok()) return ProposeRemoval(id, caller, std::move(on_changed));
    HandOver(id, [this, id, caller,
                  on_changed = std::move(on_changed)](const base::Status& status) mutable {
      if (!status.ok()) return on_changed(status);
      ProposeRemoval(id, caller, std::move(on_changed));
    });
  });
}

void Reconfiguration::ReportRemoved() {
  environment_.apply_loop->Post([this] { is_removed_ = true; });
}

void Reconfiguration::ProposeRemoval(base::MemberId id, const Caller& caller,
                                     OnChanged on_changed) {
  ProposeIf(CheckRemove(id), {.type = raft::ConfChangeType::kRemoveNode, .node_id = id}, caller,
            std::move(on_changed));
}

void Reconfiguration::RemoveFor(base::MemberId successor, base::MemberId id, const Caller& caller,
                                OnChanged on_changed) {
  environment_.apply_loop->Post(
      [this, successor, id, caller, on_changed = std::move(on_changed)]() mutable {
        members::ChangeContext context{.member = {}, .is_promote = false, .successor = successor};
        context.member.id = id;
        ProposeIf(CheckRemove(id),
                  {.type = raft::ConfChangeType::kRemoveNode,
                   .node_id = id,
                   .context = members::ToJson(context)},
                  caller, std::move(on_changed));
      });
}

void Reconfiguration::HandOver(base::MemberId leader, OnHandedOver next) {
  const runtime::TimePoint deadline = Now() + options_.election_timeout;
  auto moved = [this, next = std::move(next)](const base::Status& status) mutable {
    if (!status.ok()) return next({});
    // Why: a new leader of etcd takes no change before it has applied what it found in its log, and
    // tells nobody. It has committed that when it answers this.
    parts_.frontend->ReadIndex(std::move(next));
  };
  if (leader == parts_.self) {
    parts_.leader_transfer->MoveAway(deadline, std::move(moved));
  } else {
    parts_.leader_transfer->MoveHere(deadline, std::move(moved));
  }
}

void Reconfiguration::UpdatePeerUrls(base::MemberId id, std::vector<std::string> peer_urls,
                                     const Caller& caller, OnChanged on_changed) {
  environment_.apply_loop->Post([this, id, peer_urls = std::move(peer_urls), caller,
                                 on_changed = std::move(on_changed)]() mutable {
    members::Member member;
    member.id = id;
    member.peer_urls = std::move(peer_urls);
    ProposeIf({},
              {.type = raft::ConfChangeType::kUpdateNode,
               .node_id = id,
               .context = members::ToJson(member)},
              caller, std::move(on_changed));
  });
}

void Reconfiguration::Promote(base::MemberId id, const Caller& caller, OnChanged on_changed) {
  environment_.apply_loop->Post([this, id, caller, on_changed = std::move(on_changed)]() mutable {
    auto promotion = std::make_shared<Promotion>();
    promotion->id = id;
    promotion->caller = caller;
    promotion->deadline = std::min(caller.deadline, Now() + options_.request_timeout());
    promotion->sync_deadline = std::min(promotion->deadline, Now() + kSyncWait);
    promotion->on_changed = std::move(on_changed);
    TryPromote(std::move(promotion));
  });
}

void Reconfiguration::TryPromote(std::shared_ptr<Promotion> promotion) {
  const base::MemberId id = promotion->id;
  parts_.replica->AskReplication(id, [this, promotion = std::move(promotion)](
                                         std::optional<Replica::Replication> replication) mutable {
    environment_.apply_loop->Post([this, replication, promotion = std::move(promotion)] {
      if (!replication.has_value()) return AskLeaderToPromote(promotion);
      const bool waits = IsNearlyInSync(*replication) && Now() < promotion->sync_deadline;
      if (waits && CheckPromote(promotion->id, *replication) == base::errors::kLearnerNotReady) {
        return RetryPromote(promotion);
      }
      PromoteAsLeader(*promotion, *replication);
    });
  });
}

void Reconfiguration::PromoteAsLeader(Promotion& promotion,
                                      const Replica::Replication& replication) {
  const auto shared = std::make_shared<OnChanged>(std::move(promotion.on_changed));
  members::ChangeContext context;
  context.member.id = promotion.id;
  context.is_promote = true;
  ProposeIf(CheckPromote(promotion.id, replication),
            {.type = raft::ConfChangeType::kAddNode,
             .node_id = promotion.id,
             .context = members::ToJson(context)},
            promotion.caller, [this, shared](base::Result<std::vector<members::Member>> members) {
              metrics_.Observe(members.status());
              (*shared)(std::move(members));
            });
}

void Reconfiguration::AskLeaderToPromote(std::shared_ptr<Promotion> promotion) {
  const base::MemberId leader(parts_.progress->leader);
  if (Now() >= promotion->deadline) {
    const bool has_leader = leader != base::MemberId();
    return promotion->on_changed(
        base::Status(has_leader ? base::errors::kTimeout : base::errors::kNoLeader));
  }
  const bool elsewhere = leader != base::MemberId() && leader != parts_.self;
  if (!elsewhere || environment_.transport == nullptr) return RetryPromote(std::move(promotion));
  const base::MemberId id = promotion->id;
  const runtime::TimePoint deadline = promotion->deadline;
  environment_.transport->ForwardPromote(
      leader, id, deadline,
      [this, promotion =
                 std::move(promotion)](base::Result<std::vector<members::Member>> members) mutable {
        const auto answer =
            std::make_shared<base::Result<std::vector<members::Member>>>(std::move(members));
        environment_.apply_loop->Post([this, answer, promotion = std::move(promotion)] {
          if (answer->ok() || IsFinal(answer->status())) {
            return promotion->on_changed(std::move(*answer));
          }
          RetryPromote(promotion);
        });
      });
}

void Reconfiguration::RetryPromote(std::shared_ptr<Promotion> promotion) {
  if (retrying_.empty()) retry_timer_->Arm(kPromoteRetry);
  retrying_.push_back(std::move(promotion));
}

void Reconfiguration::OnRetry() {
  for (std::shared_ptr<Promotion>& promotion : std::exchange(retrying_, {})) {
    TryPromote(std::move(promotion));
  }
}

void Reconfiguration::ProposeIf(const base::Status& allowed, raft::ConfChange change,
                                const Caller& caller, OnChanged on_changed) {
  if (!allowed.ok()) {
    environment_.logger->Warn(
        "rejecting a change of the members",
        {{"local-member-id", members::HexText(parts_.self.value())},
         {"raft-conf-change", TypeName(change.type)},
         {"raft-conf-change-node-id", members::HexText(change.node_id.value())},
         {"error", allowed.message()}});
    return on_changed(allowed);
  }
  const raft::ConfChangeType type = change.type;
  const base::MemberId id = change.node_id;
  parts_.frontend->ProposeConfChange(
      std::move(change),
      [this, type, id, on_changed = std::move(on_changed)](const apply::Reply& reply) mutable {
        const bool is_own_removal =
            type == raft::ConfChangeType::kRemoveNode && id == parts_.self && is_removed_;
        if (is_own_removal && reply.status == base::errors::kStopped) {
          return on_changed(MembersWithoutSelf());
        }
        if (!reply.status.ok()) return on_changed(reply.status);
        environment_.logger->Info("applied a configuration change through raft",
                                  {{"local-member-id", members::HexText(parts_.self.value())},
                                   {"raft-conf-change", TypeName(type)},
                                   {"raft-conf-change-node-id", members::HexText(id.value())}});
        on_changed(apply::DecodeMembers(reply.body));
      },
      caller);
}

std::vector<members::Member> Reconfiguration::MembersWithoutSelf() const {
  std::vector<members::Member> others;
  for (const auto& [id, member] : parts_.apply_loop->members().members()) {
    if (id != parts_.self) others.push_back(member);
  }
  return others;
}

std::vector<const members::Member*> Reconfiguration::Voters() const {
  std::vector<const members::Member*> voters;
  for (const auto& [id, member] : parts_.apply_loop->members().members()) {
    if (!member.is_learner) voters.push_back(&member);
  }
  return voters;
}

bool Reconfiguration::IsHealthyWithout(base::MemberId id) const {
  const std::vector<const members::Member*> voters = Voters();
  std::vector<const members::Member*> others = voters;
  std::erase_if(others, [id](const members::Member* voter) { return voter->id == id; });
  const runtime::Duration connected =
      options_.strict_reconfig_check ? kHealthInterval : runtime::Duration(0);
  return Connected(others, connected) >= Quorum(voters.size());
}

size_t Reconfiguration::Connected(const std::vector<const members::Member*>& voters,
                                  runtime::Duration for_at_least) const {
  const runtime::TimePoint since = Now() - for_at_least;
  size_t connected = 0;
  for (const members::Member* voter : voters) {
    if (voter->id == parts_.self) {
      ++connected;
    } else if (environment_.transport != nullptr) {
      const auto active = environment_.transport->ActiveSince(voter->id);
      connected += active.has_value() && *active < since ? 1 : 0;
    }
  }
  return connected;
}

base::Status Reconfiguration::CheckAdd(const members::Member& member) const {
  // It could never be reached.
  if (environment_.transport == nullptr) return base::errors::kUnhealthy;
  if (!options_.strict_reconfig_check) return {};
  const std::vector<const members::Member*> voters = Voters();
  const size_t started = CountStarted(voters);
  const size_t quorum = Quorum(voters.size() + 1);
  const bool is_second = voters.size() == 1 && started == 1;
  if (!member.is_learner && !is_second && started < quorum) {
    return base::errors::kNotEnoughStartedMembers;
  }
  if (voters.size() == 1) return {};
  return Connected(voters) >= quorum ? base::Status() : base::errors::kUnhealthy;
}

// A voter that is not connected is no part of the quorum that is there: it may always go.
base::Status Reconfiguration::CheckRemove(base::MemberId id) const {
  if (!options_.strict_reconfig_check) return {};
  const members::Member* const removed = parts_.apply_loop->members().Find(id);
  if (removed != nullptr && removed->is_learner) return {};
  const std::vector<const members::Member*> voters = Voters();
  std::vector<const members::Member*> others = voters;
  std::erase_if(others, [id](const members::Member* voter) { return voter->id == id; });
  if (others.empty() || CountStarted(others) < Quorum(others.size())) {
    return base::errors::kNotEnoughStartedMembers;
  }
  const bool is_connected =
      id == parts_.self ||
      (environment_.transport != nullptr && environment_.transport->ActiveSince(id).has_value());
  if (!is_connected) return {};
  // Compat: etcd counts as others all voters but one, also when `id` is none.
  const bool enough = Connected(voters) >= Quorum(voters.size() - 1) + 1;
  return enough ? base::Status() : base::errors::kUnhealthy;
}

base::Status Reconfiguration::CheckPromote(base::MemberId id,
                                           const Replica::Replication& replication) const {
  if (!replication.member.has_value()) return base::errors::kMemberNotFound;
  if (10 * replication.member->value() < 9 * replication.own.value()) {
    return base::errors::kLearnerNotReady;
  }
  if (!options_.strict_reconfig_check) return {};
  std::vector<const members::Member*> voters = Voters();
  std::erase_if(voters, [id](const members::Member* voter) { return voter->id == id; });
  const bool enough = CountStarted(voters) + 1 >= Quorum(voters.size() + 1);
  return enough ? base::Status() : base::errors::kNotEnoughStartedMembers;
}

}  // namespace server
