#include "raft/node_trace.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "raft/codec.h"
#include "raft/confchange.h"
#include "raft/node.h"

namespace raft {
namespace {

// Of committed entries that are looked through at a time.
constexpr uint64_t kReadBytes = 1 << 20;

Role ToldRole(Role role) {
  return role == Role::kPreCandidate ? Role::kFollower : role;
}

std::optional<TracedStep> SendingOf(MessageType type) {
  switch (type) {
    case MessageType::kApp:
    case MessageType::kHeartbeat:
    case MessageType::kSnap:
      return TracedStep::kSendAppendEntriesRequest;
    case MessageType::kAppResp:
    case MessageType::kHeartbeatResp:
      return TracedStep::kSendAppendEntriesResponse;
    case MessageType::kVote:
      return TracedStep::kSendRequestVoteRequest;
    case MessageType::kVoteResp:
      return TracedStep::kSendRequestVoteResponse;
    default:
      return std::nullopt;
  }
}

TracedStep ReceivingOf(TracedStep sending) {
  switch (sending) {
    case TracedStep::kSendAppendEntriesRequest:
      return TracedStep::kReceiveAppendEntriesRequest;
    case TracedStep::kSendAppendEntriesResponse:
      return TracedStep::kReceiveAppendEntriesResponse;
    case TracedStep::kSendRequestVoteRequest:
      return TracedStep::kReceiveRequestVoteRequest;
    default:
      return TracedStep::kReceiveRequestVoteResponse;
  }
}

TracedMessage Told(const Message& message) {
  TracedMessage told{.type = message.type,
                     .term = message.term,
                     .from = message.from,
                     .to = message.to,
                     .entries = message.entries.size(),
                     .log_term = message.log_term,
                     .index = message.index,
                     .commit = message.commit,
                     .reject = message.reject,
                     .reject_hint = message.reject_hint};
  if (message.type == MessageType::kApp) {
    told.commit = std::min(message.commit, message.index + message.entries.size());
  }
  // It acknowledges nothing: a leader of an old term is told of the newer one.
  if (message.type == MessageType::kAppResp && message.index == Index(0)) told.reject = true;
  if (message.type == MessageType::kSnap && message.snapshot != nullptr) {
    told.entries = message.snapshot->index.value();
  }
  return told;
}

// Whether it changes who belongs to the cluster, or who votes.
bool IsTold(const ConfChangeSingle& change) {
  return change.node_id != kNobody && change.type != ConfChangeType::kUpdateNode;
}

}  // namespace

NodeTrace::NodeTrace(Tracer* tracer, const Node* node, Index applied, const Membership& membership)
    : tracer_(*tracer), node_(*node), membership_(membership), followed_(applied) {
  FollowCommitted();
}

void NodeTrace::BecameFollower(Role from, Term from_term) {
  const bool is_news = ToldRole(from) != Role::kFollower || from_term != node_.term();
  if (is_news) Tell(TracedStep::kBecomeFollower);
}

void NodeTrace::Appending(std::span<const Entry> entries) {
  for (const Entry& entry : entries) {
    TraceEvent event = Event(TracedStep::kReplicate);
    if (entry.type != EntryType::kNormal) {
      const base::Result<ConfChangeV2> change = ConfChangeOf(entry);
      CHECK(change.ok());  // the leader has read it
      std::copy_if(change->changes.begin(), change->changes.end(),
                   std::back_inserter(event.changes), &IsTold);
    }
    if (!event.changes.empty()) event.step = TracedStep::kChangeConf;
    tracer_.Trace(event);
  }
}

void NodeTrace::Reconfigured() {
  const Membership before = membership_;
  FollowCommitted();
  if (membership_ == before) return;
  is_new_ = true;
  Tell(TracedStep::kApplyConfChange);
}

void NodeTrace::FollowCommitted() {
  const Index committed = node_.log().committed();
  while (followed_ < committed) {
    std::vector<Entry> entries;
    if (!node_.log().Read(followed_ + 1, committed + 1, kReadBytes, &entries)) {
      // A snapshot has brought them.
      membership_ = node_.membership();
      followed_ = committed;
      return;
    }
    for (const Entry& entry : entries) {
      if (entry.type != EntryType::kNormal) Change(entry);
    }
    followed_ = entries.back().index;
  }
}

void NodeTrace::Change(const Entry& entry) {
  const base::Result<ConfChangeV2> change = ConfChangeOf(entry);
  if (!change.ok()) return;
  base::Result<Membership> next = raft::Change(membership_, *change);
  if (next.ok()) membership_ = *std::move(next);
}

void NodeTrace::TookOutput(bool has_work) {
  if (!has_work && !is_new_) return;
  is_new_ = false;
  Tell(TracedStep::kReady);
}

void NodeTrace::Applied(bool has_output) {
  if (!has_output) TookOutput(false);
}

void NodeTrace::Sent(const Message& message) {
  const std::optional<TracedStep> step = SendingOf(message.type);
  if (!step.has_value()) return;
  TraceEvent event = Event(*step);
  event.message = Told(message);
  tracer_.Trace(event);
}

void NodeTrace::Received(const Message& message) {
  const std::optional<TracedStep> sending = SendingOf(message.type);
  if (!sending.has_value()) return;
  TraceEvent event = Event(ReceivingOf(*sending));
  event.message = Told(message);
  tracer_.Trace(event);
}

TraceEvent NodeTrace::Event(TracedStep step) const {
  const Role role = ToldRole(node_.role());
  return {.step = step,
          .node = node_.id(),
          .state = node_.hard_state(),
          .role = role,
          .last_index = node_.log().LastIndex(),
          .voters = role == Role::kFollower ? membership_.voters : node_.membership().voters};
}

}  // namespace raft
