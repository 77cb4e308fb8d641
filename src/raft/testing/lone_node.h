#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "raft/memory_log.h"
#include "raft/node.h"

namespace raft::testing {

// One node whose peers are the test: messages go in by hand and are looked at as they come out.
// The disk answers at once, and what is committed is applied.
class LoneNode {
 public:
  // Voters are 1 .. `voters`; the node is 1.
  explicit LoneNode(uint64_t voters, Config config = {}, std::vector<Entry> entries = {}) {
    log_.Append(entries);
    config.id = MemberId(1);
    config.election_ticks = 10;
    config.heartbeat_ticks = 2;
    config.inflight_messages_max = 16;
    for (uint64_t id = 1; id <= voters; ++id) config.conf_state.voters.emplace_back(id);
    config.log = &log_;
    node_ = std::make_unique<Node>(std::move(config));
  }

  Node& node() { return *node_; }
  const MemoryLog& disk() const { return log_; }

  base::Status Step(Message message) {
    message.to = MemberId(1);
    return node_->Step(std::move(message));
  }

  // The messages to others that the node has, once its disk has answered.
  std::vector<Message> Sent() {
    std::vector<Message> sent;
    while (node_->HasOutput()) {
      Output output = node_->TakeOutput();
      log_.Append(output.entries);
      if (output.snapshot != nullptr) log_.Install(output.snapshot);
      if (output.hard_state.has_value()) saved_ = *output.hard_state;
      for (auto* list : {&output.messages, &output.messages_after_persist}) {
        for (Message& message : *list) sent.push_back(std::move(message));
      }
      node_->OnPersisted(output.persisted);
      if (!output.committed.empty()) node_->OnApplied(output.committed.back().index);
      for (const Entry& entry : output.committed) applied_.push_back(entry);
    }
    return sent;
  }

  // That it has for others.
  void SetSnapshot(SnapshotPtr snapshot) { log_.SetSnapshot(std::move(snapshot)); }

  // Campaigns and gets the vote of 2 and, if need be, 3.
  void Elect() {
    node_->Campaign();
    Sent();
    for (uint64_t voter = 2; node_->role() != Role::kLeader && voter <= 3; ++voter) {
      Message vote{.type = MessageType::kVoteResp, .from = MemberId(voter)};
      vote.term = node_->term();
      Step(std::move(vote)).IgnoreError();
    }
    Sent();
  }

  const HardState& saved() const { return saved_; }
  const std::vector<Entry>& applied() const { return applied_; }

 private:
  MemoryLog log_{MemoryLog::Bounds()};
  std::unique_ptr<Node> node_;
  HardState saved_;
  std::vector<Entry> applied_;
};

}  // namespace raft::testing
