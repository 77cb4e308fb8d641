#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/transport.h"

namespace server {

// The way to members that never answer: a member that is not alone gets no leader by it.
class LostMessages final : public Transport {
 public:
  void Send(std::vector<raft::Message>) override {}
  void SendSnapshot(SnapshotToSend) override {}
  void SetMembers(ClusterMembers members) override { told.push_back(std::move(members)); }
  std::optional<runtime::TimePoint> ActiveSince(base::MemberId) const override { return {}; }
  std::shared_ptr<const AppendTimes> AppendTimesOf(base::MemberId) const override { return {}; }
  void AskVersions(OnVersions on_versions) override { on_versions({}); }
  void AskHashes(base::Revision, runtime::Duration, OnHashes on_hashes) override { on_hashes({}); }
  void ForwardPromote(base::MemberId, base::MemberId, runtime::TimePoint,
                      OnPromoted on_promoted) override {
    unanswered.push_back(std::move(on_promoted));
  }
  void RenewLease(base::MemberId, base::LeaseId, runtime::TimePoint, OnLeaseRenewed) override {}
  void AskLease(base::MemberId, base::LeaseId, bool, runtime::TimePoint, OnLeaseTimes) override {}

  std::vector<ClusterMembers> told;    // in order
  std::vector<OnPromoted> unanswered;  // until somebody does
};

}  // namespace server
