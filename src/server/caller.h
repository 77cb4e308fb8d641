#pragma once

#include "base/ids.h"
#include "runtime/time.h"
#include "state/apply/request_codec.h"

namespace server {

// Who asks, and until when he waits for the answer.
struct Caller {
  apply::Identity identity = {};
  runtime::TimePoint deadline = runtime::TimePoint::max();
  // Not 0: refused with kNotLeader unless this member leads in that term when it puts the request
  // into the log. What it decides then counts, if it is carried out at all, for what it knew.
  base::Term term = {};
};

}  // namespace server
