#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "server/server.h"
#include "server/transport.h"

namespace server {

// Peers who agree to everything, or say nothing at all.
class AgreeablePeers final : public Transport {
 public:
  void Send(std::vector<raft::Message> messages) override {
    for (const raft::Message& message : messages) {
      if (message.type == raft::MessageType::kTimeoutNow) asked_to_campaign.push_back(message.to);
      if (!Knows(message.to)) strangers.insert(message.to);
      if (!silent && !mute.contains(message.to)) Answer(message);
    }
  }
  void SendSnapshot(SnapshotToSend) override {}
  void SetMembers(ClusterMembers members) override { told.push_back(std::move(members)); }
  std::optional<runtime::TimePoint> ActiveSince(base::MemberId peer) const override {
    const auto found = active_since.find(peer);
    return found == active_since.end() ? std::nullopt : std::optional(found->second);
  }
  std::shared_ptr<const AppendTimes> AppendTimesOf(base::MemberId) const override { return {}; }
  void AskVersions(OnVersions on_versions) override {
    ++versions_asked;
    on_versions(versions);
  }
  void AskHashes(base::Revision at, runtime::Duration, OnHashes on_hashes) override {
    on_hashes(hashes(at));
  }
  void ForwardPromote(base::MemberId leader, base::MemberId learner, runtime::TimePoint,
                      OnPromoted on_promoted) override {
    promotions.push_back({leader, learner, std::move(on_promoted)});
  }
  void RenewLease(base::MemberId leader, base::LeaseId lease, runtime::TimePoint,
                  OnLeaseRenewed on_renewed) override {
    renewals.push_back({leader, lease, std::move(on_renewed)});
  }
  void AskLease(base::MemberId leader, base::LeaseId lease, bool, runtime::TimePoint,
                OnLeaseTimes on_times) override {
    lease_questions.push_back({leader, lease, std::move(on_times)});
  }

  Server* server = nullptr;
  bool silent = true;
  uint32_t vote_lease_ms = 900;        // that they promise
  std::set<base::MemberId> mute;       // those who alone say nothing
  std::set<base::MemberId> strangers;  // who were sent something and are no members
  std::map<base::MemberId, runtime::TimePoint> active_since;
  std::vector<ClusterMembers> told;  // in order
  std::map<base::MemberId, members::MemberVersions> versions;
  int versions_asked = 0;  // so often
  // What they say at a revision.
  using Hashes = std::map<base::MemberId, base::Result<MemberHash>>;
  std::function<Hashes(base::Revision at)> hashes = [](base::Revision) { return Hashes(); };
  std::vector<base::MemberId> asked_to_campaign;
  struct Promotion {
    base::MemberId leader;
    base::MemberId learner;
    OnPromoted on_promoted;
  };
  std::vector<Promotion> promotions;  // that nobody has answered
  // The same of questions about leases.
  template <typename OnAnswer>
  struct LeaseQuestion {
    base::MemberId leader;
    base::LeaseId lease;
    OnAnswer on_answer;
  };
  std::vector<LeaseQuestion<OnLeaseRenewed>> renewals;
  std::vector<LeaseQuestion<OnLeaseTimes>> lease_questions;

 private:
  bool Knows(base::MemberId id) const {
    return !told.empty() && std::any_of(told.back().members.begin(), told.back().members.end(),
                                        [id](const auto& member) { return member.id == id; });
  }
  void Answer(const raft::Message& message) {
    raft::Message answer{.to = message.from, .from = message.to, .term = message.term};
    switch (message.type) {
      case raft::MessageType::kPreVote:
        answer.type = raft::MessageType::kPreVoteResp;
        break;
      case raft::MessageType::kVote:
        answer.type = raft::MessageType::kVoteResp;
        break;
      case raft::MessageType::kHeartbeat:
        answer.type = raft::MessageType::kHeartbeatResp;
        answer.context = message.context;
        answer.vote_lease_ms = vote_lease_ms;
        break;
      case raft::MessageType::kApp:
        answer.type = raft::MessageType::kAppResp;
        answer.index = message.index + message.entries.size();
        break;
      default:
        return;
    }
    EXPECT_TRUE(server->Step(std::move(answer)));
  }
};

}  // namespace server
