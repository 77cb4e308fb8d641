#pragma once

#include "base/ids.h"
#include "runtime/time.h"
#include "state/apply/request_codec.h"

namespace server {

// Who asks (nobody says so yet: there is no auth), and until when he waits for the answer.
struct Caller {
  apply::Identity identity = {};
  runtime::TimePoint deadline = runtime::TimePoint::max();
  // Not 0: refused with kNotLeader unless this member leads in that term when it puts the request
  // into the log. So a leader's decision gets there only in the term in which it was made.
  base::Term term = {};
};

}  // namespace server
