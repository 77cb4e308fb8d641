#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "raft/node.h"
#include "raft/node_trace.h"
#include "raft/planted.h"

// When a member campaigns, whom it votes for, and what each role begins with (raft paper §5.2;
// pre-vote: thesis §9.6; leadership transfer: §3.10).

namespace raft {
namespace {

constexpr base::ByteView kCampaignTransfer = "CampaignTransfer";

MessageType AnswerTo(MessageType request) {
  return request == MessageType::kVote ? MessageType::kVoteResp : MessageType::kPreVoteResp;
}

}  // namespace

void Node::TickElection() {
  timer_.Tick();
  if (!IsPromotable() || !timer_.Expired()) return;
  timer_.Restart();
  Campaign();
}

bool Node::IsPromotable() const {
  // Not while a snapshot waits to be installed: the log ends in what the disk does not hold.
  return membership_.voters.Contains(config_.id) && log_.unstable().snapshot() == nullptr &&
         !awaits_snapshot_;
}

void Node::StartCampaign(CampaignKind kind) {
  using event::RefusedCampaign;
  if (AsLeader() != nullptr) {
    Notify(event::CampaignRefused{RefusedCampaign::kAlreadyLeader, term_});
  } else if (!IsPromotable()) {
    Notify(event::CampaignRefused{RefusedCampaign::kUnpromotable, term_});
  } else if (log_.HasUnappliedConfChange()) {
    // It would count votes by a configuration that a quorum has already replaced.
    Notify(event::CampaignRefused{RefusedCampaign::kUnappliedConfChange, term_});
    base::Mark<"raft: a campaign waits for a configuration to be applied">();
  } else {
    Notify(event::CampaignStarted{term_});
    RunCampaign(kind);
  }
}

void Node::RunCampaign(CampaignKind kind) {
  MessageType request = MessageType::kVote;
  Term campaign_term = term_ + 1;
  if (kind == CampaignKind::kPreElection) {
    request = MessageType::kPreVote;
    BecomePreCandidate();
  } else {
    BecomeCandidate();
  }
  const EntryId last = log_.Last();
  for (MemberId voter : membership_.voters.Members()) {
    if (voter == config_.id) {
      // Its own vote counts once it is durable.
      AckToSelf({.type = AnswerTo(request), .term = campaign_term});
      continue;
    }
    Notify(event::VoteRequested{request, voter, last, term_});
    Message message{.type = request, .to = voter, .term = campaign_term};
    message.log_term = last.term;
    message.index = last.index;
    if (kind == CampaignKind::kTransfer) message.context = base::SharedBytes(kCampaignTransfer);
    Send(std::move(message));
  }
}

bool Node::IgnoresCandidate(const Message& message) const {
  // Who has heard from a leader within the minimum election timeout, or may have, does not let a
  // candidate disturb it (thesis §4.2.3), unless that leader has asked for the election.
  if (message.type != MessageType::kVote && message.type != MessageType::kPreVote) return false;
  if (message.context.view() == kCampaignTransfer) return false;
  const bool is_led = leader() != kNobody && timer_.WithinLease();
  return config_.check_quorum && ((is_led && message.term > term_) || quiet_ticks_ > 0);
}

void Node::OnVoteRequest(const Message& message) {
  // A learner votes too: that it was made a voter may be news to it, and its vote be needed for
  // a leader that can tell it so. A candidate with an outdated configuration does not win by it.
  const bool free_to_vote = vote_ == message.from || (vote_ == kNobody && leader() == kNobody) ||
                            (message.type == MessageType::kPreVote && message.term > term_) ||
                            Planted(PlantedBug::kVoteTwiceInTerm);
  const EntryId last = log_.Last();
  const bool up_to_date =
      log_.IsUpToDate({message.log_term, message.index}) || Planted(PlantedBug::kVoteForShorterLog);
  const bool granted = free_to_vote && up_to_date;
  Notify(event::VoteAnswered{granted ? event::VoteAnswer::kCast : event::VoteAnswer::kRejected,
                             message, last, vote_, term_, 0});
  // A grant names the request's term, which for a pre-vote is not ours: the candidate would
  // ignore an older one.
  Send({.type = AnswerTo(message.type),
        .reject = !granted,
        .to = message.from,
        .term = granted ? message.term : term_});
  if (granted && message.type == MessageType::kVote) {
    timer_.Restart();
    vote_ = message.from;
  }
}

void Node::CandidateOnVoteResponse(const Message& message) {
  const bool pre_vote = role() == Role::kPreCandidate;
  // Answers to the pre-vote of this very term may still arrive in the election.
  if (pre_vote != (message.type == MessageType::kPreVoteResp)) return;
  Votes& votes = pre_vote ? std::get<PreCandidate>(role_).votes : std::get<Candidate>(role_).votes;
  Notify(event::VoteReceived{message.type, message.from, !message.reject, term_});
  // The first answer of each member counts.
  votes.emplace(message.from, !message.reject);

  size_t granted = 0;
  size_t rejected = 0;
  for (MemberId voter : membership_.voters.Members()) {
    const auto vote = votes.find(voter);
    if (vote != votes.end()) ++(vote->second ? granted : rejected);
  }
  Notify(event::VotesTallied{message.type, granted, rejected});
  switch (ResultOf(membership_.voters, votes)) {
    case VoteResult::kPending:
      return;
    case VoteResult::kLost:
      base::Mark<"raft: an election is lost">();
      return BecomeFollower(term_, kNobody);
    case VoteResult::kWon:
      if (pre_vote) return RunCampaign(CampaignKind::kElection);
      BecomeLeader();
      LeaderBroadcastAppend(std::get<Leader>(role_));
  }
}

void Node::ResetForTerm(Term term) {
  CHECK_GE(term, term_);
  if (term_ != term) {
    term_ = term;
    vote_ = kNobody;
  }
  timer_.Redraw();
}

void Node::BecomeFollower(Term term, MemberId leader) {
  const Role role_before = role();
  const Term term_before = term_;
  ResetForTerm(term);
  role_ = Follower{leader};
  if (trace_ != nullptr) trace_->BecameFollower(role_before, term_before);
  Notify(event::BecameRole{Role::kFollower, term_});
}

void Node::BecomePreCandidate() {
  CHECK(AsLeader() == nullptr);
  // Neither term nor vote nor the wait change: nothing has been decided.
  const Role role_before = role();
  role_ = PreCandidate{};
  if (trace_ != nullptr) trace_->BecameFollower(role_before, term_);
  Notify(event::BecameRole{Role::kPreCandidate, term_});
}

void Node::BecomeCandidate() {
  CHECK(AsLeader() == nullptr);
  ResetForTerm(term_ + 1);
  vote_ = config_.id;
  role_ = Candidate{};
  if (trace_ != nullptr) trace_->BecameCandidate();
  Notify(event::BecameRole{Role::kCandidate, term_});
}

void Node::BecomeLeader() {
  CHECK(role() == Role::kCandidate);
  ResetForTerm(term_);
  Leader& leader = role_.emplace<Leader>();
  const Index last = log_.LastIndex();
  const Inflights inflights(config_.inflight_messages_max, config_.inflight_bytes_max);
  for (MemberId member : membership_.Members()) {
    Progress progress(last + 1, inflights);
    progress.set_learner(membership_.learners.Contains(member));
    leader.progress.emplace(member, std::move(progress));
  }
  if (const auto self = leader.progress.find(config_.id); self != leader.progress.end()) {
    self->second.MaybeUpdate(last);
    self->second.BecomeReplicate();
    self->second.set_recent_active(true);
  }
  // There may be a configuration change in what is not committed yet; looking for it could take
  // long, waiting for all of it to be applied does not.
  leader.pending_conf_index = last;
  if (trace_ != nullptr) trace_->BecameLeader();
  // Committing an entry of its own term commits all before it (§5.4.2).
  if (!Planted(PlantedBug::kCommitOldTermByCounting)) CHECK(LeaderAppend(leader, {Entry()}));
  Notify(event::BecameRole{Role::kLeader, term_});
}

}  // namespace raft
