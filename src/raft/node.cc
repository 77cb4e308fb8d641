#include "raft/node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "raft/node_trace.h"

namespace raft {
namespace {

Config Checked(Config config) {
  CHECK_EQ(config.Validate().ToString(), "OK");
  if (config.applying_bytes_max == 0) config.applying_bytes_max = config.message_bytes_max;
  // At most one entry a message is a bound, nothing in applying would be a standstill.
  if (config.applying_bytes_max == 0) config.applying_bytes_max = 1;
  if (config.uncommitted_bytes_max == 0) config.uncommitted_bytes_max = kNoLimit;
  return config;
}

}  // namespace

Node::Node(Config config)
    : config_(Checked(std::move(config))),
      timer_(config_.election_ticks, config_.seed),
      log_(*config_.log, config_.applying_bytes_max, config_.observer) {
  SwitchTo(Membership::FromConfState(config_.conf_state).value());
  term_ = config_.hard_state.term;
  vote_ = config_.hard_state.vote;
  // The saved commit index may be behind: moving it alone is not synced. What a snapshot covers or
  // the state machine has applied was committed.
  const bool has_all = CommitAsTold(std::max(config_.hard_state.commit, config_.applied));
  // A crash may have cut the last write off after its entries, before its hard state. A node that
  // has entries of a term was in it, and had not voted in it: a vote is durable before it is sent.
  const bool was_cut_off = log_.LastIndex() > log_.committed() && log_.Last().term > term_;
  if (was_cut_off) {
    term_ = log_.Last().term;
    vote_ = kNobody;
  }
  if (has_all && config_.applied > log_.applied()) log_.AppliedTo(config_.applied);
  // In its first term nobody has led: it is that of the first configuration.
  const bool may_have_been_led = term_ > Term(1);
  if (config_.vote_lease_ms > 0 && may_have_been_led) quiet_ticks_ = config_.election_ticks;
  BecomeFollower(term_, kNobody);
  if (config_.awaits_snapshot) AwaitSnapshot();
  Notify(event::Started{membership_, log_.state(), log_.Last(), term_});
  handed_hard_state_ = was_cut_off ? config_.hard_state : hard_state();
  handed_soft_state_ = soft_state();
  if (config_.tracer == nullptr) return;
  trace_ = std::make_unique<NodeTrace>(config_.tracer, this, log_.applied(), membership_);
  trace_->Started();
}

Node::~Node() = default;

MemberId Node::leader() const {
  if (AsLeader() != nullptr) return config_.id;
  const Follower* follower = std::get_if<Follower>(&role_);
  return follower != nullptr ? follower->leader : kNobody;
}

void Node::Tick() {
  if (quiet_ticks_ > 0) --quiet_ticks_;
  if (AsLeader() != nullptr) {
    TickLeader();
  } else {
    TickElection();
  }
}

void Node::Campaign() {
  StartCampaign(config_.pre_vote ? CampaignKind::kPreElection : CampaignKind::kElection);
}

void Node::TransferLeadership(MemberId target) {
  Message request{.type = MessageType::kTransferLeader, .from = target};
  Dispatch(std::move(request)).IgnoreError();
}

void Node::ForgetLeader() {
  Dispatch({.type = MessageType::kForgetLeader}).IgnoreError();
}

void Node::ReadIndex(base::SharedBytes context) {
  Message request{.type = MessageType::kReadIndex};
  request.entries.push_back({.data = std::move(context)});
  Dispatch(std::move(request)).IgnoreError();
}

void Node::ReportUnreachable(MemberId peer) {
  Dispatch({.type = MessageType::kUnreachable, .from = peer}).IgnoreError();
}

void Node::ReportSnapshot(MemberId peer, bool delivered) {
  Dispatch({.type = MessageType::kSnapStatus, .reject = !delivered, .from = peer}).IgnoreError();
}

}  // namespace raft
