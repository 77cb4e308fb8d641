#pragma once

#include <cstdint>

#include "state/apply/reply.h"

namespace server {

// What became of the request of that number.
struct Completion {
  uint64_t id;
  apply::Reply reply;
};

}  // namespace server
