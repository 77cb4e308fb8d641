#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "raft/node.h"
#include "raft/node_trace.h"
#include "raft/planted.h"

// How a message is received: who may speak, and what its term says about ours (raft paper §5.1).

namespace raft {
namespace {

// What the protocol promises of an append, whoever sent it.
bool IsWellFormed(const Message& message) {
  if (message.type != MessageType::kApp) return true;
  EntryId previous{message.log_term, message.index};
  for (const Entry& entry : message.entries) {
    if (entry.index != previous.index + 1 || entry.term < previous.term) return false;
    previous = IdOf(entry);
  }
  return previous.term <= message.term;
}

// Answers to votes and appends promise something that must survive a crash. So does a candidate
// that asks for votes: that it will not ask again in this term, and that its log ends where it
// says. If it forgot that, it could lead the term twice, with different entries, or be elected by
// votes for a longer log than it has.
bool WaitsForPersist(MessageType type) {
  return type == MessageType::kAppResp || type == MessageType::kVote ||
         type == MessageType::kVoteResp || type == MessageType::kPreVoteResp;
}

// Forwarded requests mean the same in each term; votes name the term that they are about.
bool CarriesOwnTerm(MessageType type) {
  switch (type) {
    case MessageType::kVote:
    case MessageType::kVoteResp:
    case MessageType::kPreVote:
    case MessageType::kPreVoteResp:
    case MessageType::kProp:
    case MessageType::kReadIndex:
      return false;
    default:
      return true;
  }
}

bool IsFromLeader(MessageType type) {
  return type == MessageType::kApp || type == MessageType::kHeartbeat || type == MessageType::kSnap;
}

}  // namespace

base::Status Node::Step(Message message) {
  RETURN_IF_ERROR(failure_);
  if (IsLocal(message.type)) return kLocalMessage;
  if (IsResponse(message.type) && !membership_.Contains(message.from)) return kPeerNotFound;
  if (!IsWellFormed(message)) return kMalformedMessage;
  if (!AcceptTerm(message)) return {};
  return Dispatch(std::move(message));
}

bool Node::AcceptTerm(const Message& message) {
  // Forwarded requests hold in any term.
  if (message.term == Term(0)) return true;
  if (message.term >= term_ && IgnoresCandidate(message)) {
    base::Mark<"raft: a candidate is ignored while a leader is heard">();
    Notify(event::VoteAnswered{event::VoteAnswer::kIgnoredInLease, message, log_.Last(), vote_,
                               term_, std::max(quiet_ticks_, timer_.LeaseRemaining())});
    return false;
  }
  if (trace_ != nullptr) trace_->Received(message);
  if (message.term < term_) {
    OnLowerTerm(message);
    return false;
  }
  if (message.term > term_) OnHigherTerm(message);
  return true;
}

void Node::OnHigherTerm(const Message& message) {
  // A pre-vote is about a term that nobody has entered; its grant says nothing else.
  if (message.type == MessageType::kPreVote) return;
  if (message.type == MessageType::kPreVoteResp && !message.reject) return;
  if (Planted(PlantedBug::kLeadOnInHigherTerm) && AsLeader() != nullptr) {
    term_ = message.term;
    vote_ = config_.id;
    return;
  }
  Notify(event::HigherTermReceived{message, term_});
  if (AsLeader() != nullptr) base::Mark<"raft: a leader hears of a newer term">();
  const bool has_promised = config_.vote_lease_ms > 0 && AsLeader() == nullptr;
  if (has_promised && leader() != kNobody && timer_.WithinLease()) {
    quiet_ticks_ = std::max(quiet_ticks_, timer_.LeaseRemaining());
    base::Mark<"raft: a promise not to vote outlives its term">();
  }
  BecomeFollower(message.term, IsFromLeader(message.type) ? message.from : kNobody);
}

void Node::OnLowerTerm(const Message& message) {
  const bool stale_leader =
      message.type == MessageType::kApp || message.type == MessageType::kHeartbeat;
  if (stale_leader && (config_.check_quorum || config_.pre_vote)) {
    // A member that was cut off may have raised its term and can no longer win an election nor be
    // led: the others ignore its votes. This answer tells the leader the higher term; the election
    // that follows takes the member in again.
    base::Mark<"raft: a leader of an older term is told of a newer one">();
    Send({.type = MessageType::kAppResp, .to = message.from});
  } else if (message.type == MessageType::kPreVote) {
    // Tell the candidate, or two members, one with the longer log and one with the higher term,
    // could keep each other from winning for ever.
    base::Mark<"raft: a pre-vote of an older term is refused">();
    Notify(
        event::VoteAnswered{event::VoteAnswer::kRejected, message, log_.Last(), vote_, term_, 0});
    Send({.type = MessageType::kPreVoteResp, .reject = true, .to = message.from, .term = term_});
  } else {
    Notify(event::LowerTermIgnored{message, term_});
  }
}

base::Status Node::Dispatch(Message message) {
  if (message.type == MessageType::kVote || message.type == MessageType::kPreVote) {
    OnVoteRequest(message);
    return {};
  }
  switch (role()) {
    case Role::kFollower:
      return FollowerStep(std::move(message));
    case Role::kPreCandidate:
    case Role::kCandidate:
      return CandidateStep(message);
    case Role::kLeader:
      return LeaderStep(std::get<Leader>(role_), std::move(message));
  }
  return {};
}

void Node::Send(Message message) {
  if (message.from == kNobody) message.from = config_.id;
  if (CarriesOwnTerm(message.type)) message.term = term_;
  if (trace_ != nullptr) trace_->Sent(message);
  if (WaitsForPersist(message.type) && !Planted(PlantedBug::kAckBeforePersist)) {
    messages_after_persist_.push_back(std::move(message));
  } else {
    messages_.push_back(std::move(message));
  }
}

void Node::AckToSelf(Message message) {
  message.from = config_.id;
  message.to = config_.id;
  if (CarriesOwnTerm(message.type)) message.term = term_;
  if (trace_ != nullptr) trace_->Sent(message);
  self_acks_.push_back(std::move(message));
}

}  // namespace raft
