#pragma once

#include <span>

#include "raft/membership.h"
#include "raft/tracer.h"
#include "raft/types.h"

namespace raft {

class Node;

// Tells a tracer of a node's steps, in the terms of the published specification: each step is told
// where that has it. What the specification knows only in another form, or not at all, is told so:
//   - a pre-candidate is told as the follower that it still is, and its pre-votes are not told;
//   - an append's commit index is told as far as the append reaches, which is all that it commits;
//   - the answer by which a leader of an old term learns of the newer one is told as a refusal;
//   - a request for a vote that is ignored, since a leader is there, is told to nobody: it is lost;
//   - a follower's configuration is told as of all that it knows to be committed once it applies a
//     change; hence changes of a founding count as made when the node starts. Candidates and
//     leaders, who decide by it, have made all of these;
//   - Ready says that an output was handed out. What its write holds counts as durable from then
//     on: of a crash that loses a write whose output was told, the specification knows nothing.
class NodeTrace {
 public:
  // Both outlive this. `applied` and `conf_state` are those that the node started with.
  NodeTrace(Tracer* tracer, const Node* node, Index applied, const Membership& membership);

  void Started() { Tell(TracedStep::kInitState); }
  // After the node has taken that role, from another one or again.
  void BecameFollower(Role from, Term from_term);
  void BecameCandidate() { Tell(TracedStep::kBecomeCandidate); }
  void BecameLeader() { Tell(TracedStep::kBecomeLeader); }
  // Before entries are appended that the leader has admitted.
  void Appending(std::span<const Entry> entries);
  // After the leader has looked whether it can commit more.
  void LookedForCommit() { Tell(TracedStep::kCommit); }
  // After the configuration was switched.
  void Reconfigured();
  // After an output was taken; `has_work`: with messages, or a write.
  void TookOutput(bool has_work);
  // After entries were reported as applied.
  void Applied(bool has_output);
  void Sent(const Message& message);
  // Before a message has an effect.
  void Received(const Message& message);

 private:
  // Makes the changes that became known as committed.
  void FollowCommitted();
  void Change(const Entry& entry);
  TraceEvent Event(TracedStep step) const;
  void Tell(TracedStep step) { tracer_.Trace(Event(step)); }

  Tracer& tracer_;
  const Node& node_;
  // By what is committed up to followed_.
  Membership membership_;
  Index followed_;
  // It was applied, and no Ready has said so.
  bool is_new_ = false;
};

}  // namespace raft
