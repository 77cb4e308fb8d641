#pragma once

#include "runtime/time.h"
#include "state/apply/request_codec.h"

namespace server {

// Who asks, and until when he waits for the answer.
struct Caller {
  apply::Identity identity = {};
  runtime::TimePoint deadline = runtime::TimePoint::max();
};

}  // namespace server
