#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "raft/quorum.h"
#include "raft/types.h"

// What a node tells of its steps, so that the TLA+ specification that etcd/raft publishes can judge
// whether they were allowed: the events and fields of that project's state traces. Where what is
// told is not what the node itself would say stands in node_trace.h.

namespace raft {

enum class TracedStep : uint8_t {
  kInitState,
  kBecomeCandidate,
  kBecomeFollower,
  kBecomeLeader,
  kCommit,
  kReplicate,
  kChangeConf,
  kApplyConfChange,
  kReady,
  kSendAppendEntriesRequest,
  kReceiveAppendEntriesRequest,
  kSendAppendEntriesResponse,
  kReceiveAppendEntriesResponse,
  kSendRequestVoteRequest,
  kReceiveRequestVoteRequest,
  kSendRequestVoteResponse,
  kReceiveRequestVoteResponse,
};

struct TracedMessage {
  MessageType type = MessageType::kHup;
  Term term{};
  MemberId from{};
  MemberId to{};
  // How many there are; of a snapshot, its index.
  uint64_t entries = 0;
  Term log_term{};
  Index index{};
  Index commit{};
  bool reject = false;
  Index reject_hint{};
};

// A step, with the node's state at it: after it, but before it where a message is received.
struct TraceEvent {
  TracedStep step{};
  MemberId node{};
  HardState state{};
  Role role = Role::kFollower;
  Index last_index{};
  JointConfig voters{};
  // Of a message that is sent or received.
  std::optional<TracedMessage> message{};
  // Of kChangeConf.
  std::vector<ConfChangeSingle> changes{};
};

// Is told of each step, in order, from within the node: must not call it back.
class Tracer {
 public:
  virtual ~Tracer() = default;
  virtual void Trace(const TraceEvent& event) = 0;
};

}  // namespace raft
