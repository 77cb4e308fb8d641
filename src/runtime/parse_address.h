#pragma once

#include <string_view>

#include "base/result.h"
#include "runtime/network.h"

namespace runtime {

// "host:port", "[::1]:2379", or ":2379" for all interfaces; kInvalidArgument, `"x" is no
// host:port`.
base::Result<Address> ParseAddress(std::string_view text);

}  // namespace runtime
