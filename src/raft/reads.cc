#include <utility>

#include "base/check.h"
#include "base/coverage_mark.h"
#include "raft/node.h"
#include "raft/planted.h"

// Linearizable reads without a log entry (thesis §6.4): the leader notes its commit index and makes
// sure that it still leads, by a round of heartbeats or by its lease.

namespace raft {

bool Node::CommittedInTerm() const {
  return log_.TermAt(log_.committed()) == term_ || Planted(PlantedBug::kReadBeforeTermCommit);
}

void Node::LeaderOnReadIndex(Leader& leader, const Message& message) {
  if (message.entries.size() != 1) {
    Notify(event::ReadDropped{event::DroppedRead::kMalformed, message, term_});
    return;
  }
  ReadRequest request{message.from, message.entries.front().data};
  if (!CommittedInTerm()) {
    leader.postponed_reads.push_back(std::move(request));
    base::Mark<"raft: a read waits for the first commit of its term">();
  } else {
    LeaderConfirmRead(leader, std::move(request));
  }
}

void Node::LeaderConfirmRead(Leader& leader, ReadRequest request) {
  // A lone voter needs nobody's confirmation; a leader that was demoted needs that voter's.
  const bool alone = membership_.IsSingleton() && membership_.voters.Contains(config_.id);
  if (alone || config_.read_only == ReadOnlyOption::kLeaseBased ||
      Planted(PlantedBug::kReadWithoutQuorum)) {
    AnswerRead(request, log_.committed());
    return;
  }
  leader.reads.Add(log_.committed(), std::move(request));
  leader.reads.Acknowledge(config_.id, leader.reads.HeartbeatContext().view());
  LeaderBroadcastHeartbeat(leader);
}

void Node::LeaderReleasePostponedReads(Leader& leader) {
  if (leader.postponed_reads.empty() || !CommittedInTerm()) return;
  for (ReadRequest& request : std::exchange(leader.postponed_reads, {})) {
    LeaderConfirmRead(leader, std::move(request));
  }
}

void Node::AnswerRead(const ReadRequest& request, Index index) {
  if (request.from == kNobody || request.from == config_.id) {
    reads_.push_back({index, request.context});
    return;
  }
  Message answer{.type = MessageType::kReadIndexResp, .to = request.from, .index = index};
  answer.entries.push_back({.data = request.context});
  Send(std::move(answer));
}

void Node::FollowerOnReadIndex(Message message) {
  if (leader() == kNobody) {
    Notify(event::ReadDropped{event::DroppedRead::kNoLeader, message, term_});
    base::Mark<"raft: a read is dropped without a leader">();
    return;
  }
  message.to = leader();
  Send(std::move(message));
}

void Node::FollowerOnReadAnswer(const Message& message) {
  if (message.entries.size() != 1) {
    Notify(event::ReadDropped{event::DroppedRead::kMalformed, message, term_});
    return;
  }
  reads_.push_back({message.index, message.entries.front().data});
}

}  // namespace raft
