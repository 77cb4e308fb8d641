#pragma once

#include <cstdint>
#include <limits>

#include "base/ids.h"
#include "runtime/time.h"
#include "state/auth/identity.h"

namespace server {

// Who asks, and until when he waits for the answer.
struct Caller {
  auth::Identity identity = {};
  runtime::TimePoint deadline = runtime::TimePoint::max();
  // Not 0: refused with kNotLeader unless this member leads in that term when it puts the request
  // into the log. So a leader's decision gets there only in the term in which it was made.
  base::Term term = {};
};

// Who asks for what a member does by itself, such as to end a lease: it may do all, whatever users
// and roles have become meanwhile.
inline auth::Identity MemberItself() {
  return {.user = "root", .revision = std::numeric_limits<uint64_t>::max()};
}

}  // namespace server
