#pragma once

#include <cstdint>

#include "base/status.h"
#include "raft/log_reader.h"
#include "raft/observer.h"
#include "raft/tracer.h"
#include "raft/types.h"

namespace raft {

enum class ReadOnlyOption : uint8_t {
  // Each read is confirmed by a round of heartbeats. Linearizable whatever the clocks do.
  kSafe,
  // The leader trusts its lease; needs check_quorum, and clocks of bounded drift.
  kLeaseBased,
};

// How a node starts and behaves. Sizes are bytes; "entries" counts their encoded size, "payload"
// the data alone.
struct Config {
  MemberId id{};
  // A follower that hears nothing from a leader for election_ticks .. 2 * election_ticks - 1 ticks
  // (drawn anew for each wait, from `seed`) campaigns. A leader sends heartbeats each
  // heartbeat_ticks < election_ticks.
  uint32_t election_ticks = 0;
  uint32_t heartbeat_ticks = 0;
  // Differs between members, or they campaign together.
  uint64_t seed = 0;

  // What the node had saved when it stopped; empty at the first start. `applied` is the index that
  // the state machine has reached, 0 for the log's start; conf_state is the configuration there.
  // `applied` may be ahead of hard_state.commit, but not of the log.
  HardState hard_state{};
  ConfState conf_state{};
  Index applied{};
  // Outlive the node. `observer` and `tracer` may be null.
  const LogReader* log = nullptr;
  Observer* observer = nullptr;
  Tracer* tracer = nullptr;

  // Entries per append, at least one.
  uint64_t message_bytes_max = kNoLimit;
  // Committed entries handed out and not reported as applied. 0: as message_bytes_max.
  uint64_t applying_bytes_max = 0;
  // Payload of uncommitted entries; the leader drops proposals beyond. 0: no limit.
  uint64_t uncommitted_bytes_max = 0;
  // Appends on their way to one follower, and their payload. inflight_bytes_max is 0 (no limit)
  // or at least message_bytes_max.
  uint32_t inflight_messages_max = 0;
  uint64_t inflight_bytes_max = 0;

  // The leader steps down if it has not heard from a quorum for election_ticks, and members that
  // hear from it ignore candidates.
  bool check_quorum = false;
  // Campaign only after a quorum has said that it would vote (thesis §9.6).
  bool pre_vote = false;
  // For so many milliseconds from a heartbeat on this node votes for nobody but for whom the leader
  // has told to campaign; its answer says so, and the leader may count on it. Neither a higher term
  // nor a new start ends that: a node that has run before begins as if it had just heard from a
  // leader. At most election_ticks - 1 ticks, since the first may come at once; 0: nothing is
  // promised. Needs check_quorum.
  uint32_t vote_lease_ms = 0;
  // The state machine has lost its state, but the log is whole from `applied` on: see
  // Node::AwaitSnapshot.
  bool awaits_snapshot = false;
  ReadOnlyOption read_only = ReadOnlyOption::kSafe;
  // Followers drop proposals instead of forwarding them to the leader.
  bool disable_proposal_forwarding = false;
  // Append configuration changes without a look at the active configuration. The application
  // must then never propose an impossible one: applying it ends the process.
  bool disable_conf_change_validation = false;
  // A leader that is removed or demoted steps down when it applies the change.
  bool step_down_on_removal = false;

  // Fails with what is missing or contradicts itself.
  base::Status Validate() const;
};

}  // namespace raft
