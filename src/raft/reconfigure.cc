#include <utility>

#include "base/coverage_mark.h"
#include "raft/confchange.h"
#include "raft/node.h"
#include "raft/node_trace.h"

// What a new configuration changes here: it is active from the moment that its entry is applied.

namespace raft {

base::Result<ConfState> Node::ApplyConfChange(const ConfChangeV2& change) {
  ASSIGN_OR_RETURN(Membership next, Change(membership_, change));
  SwitchTo(std::move(next));
  return membership_.ToConfState();
}

void Node::SwitchTo(Membership membership) {
  membership_ = std::move(membership);
  if (membership_.voters.IsJoint()) base::Mark<"raft: a joint configuration is entered">();
  Leader* leader = std::get_if<Leader>(&role_);
  if (leader != nullptr) {
    ReconcileProgress(membership_, log_.LastIndex(),
                      {config_.inflight_messages_max, config_.inflight_bytes_max},
                      &leader->progress);
  }
  Notify(event::ConfSwitched{membership_});
  if (trace_ != nullptr) trace_->Reconfigured();
  if (leader != nullptr) LeaderSwitched(*leader);
}

void Node::LeaderSwitched(Leader& leader) {
  if (!membership_.voters.Contains(config_.id)) {
    // Removed or demoted. It may lead until the others know of it, without counting itself.
    base::Mark<"raft: a leader is no voter any more">();
    if (config_.step_down_on_removal) BecomeFollower(term_, kNobody);
    return;
  }
  if (LeaderMaybeCommit(leader)) {
    // The new quorum has more in common than the old one.
    LeaderBroadcastAppend(leader);
  } else {
    // New members need not wait for the next proposal or heartbeat.
    for (auto& [member, progress] : leader.progress) {
      if (member != config_.id) LeaderSendAppend(member, progress, IfEmpty::kSkip);
    }
  }
  if (!membership_.voters.Contains(leader.transferee)) leader.transferee = kNobody;
}

}  // namespace raft
