#include "raft/config.h"

#include <string_view>

#include "raft/membership.h"

namespace raft {
namespace {

base::Status Invalid(std::string_view what) {
  return base::Status(base::Code::kInvalidArgument, what);
}

}  // namespace

base::Status Config::Validate() const {
  if (id == kNobody) return Invalid("raft: the member's id is 0");
  if (heartbeat_ticks == 0) return Invalid("raft: heartbeat_ticks is 0");
  if (election_ticks <= heartbeat_ticks) {
    return Invalid("raft: election_ticks must be greater than heartbeat_ticks");
  }
  if (log == nullptr) return Invalid("raft: no log");
  if (inflight_messages_max == 0) return Invalid("raft: inflight_messages_max is 0");
  if (inflight_bytes_max != 0 && inflight_bytes_max < message_bytes_max) {
    return Invalid("raft: inflight_bytes_max is less than message_bytes_max");
  }
  if (read_only == ReadOnlyOption::kLeaseBased && !check_quorum) {
    return Invalid("raft: lease-based reads need check_quorum");
  }
  if (vote_lease_ms > 0 && !check_quorum) return Invalid("raft: vote_lease_ms needs check_quorum");
  return Membership::FromConfState(conf_state).status();
}

}  // namespace raft
