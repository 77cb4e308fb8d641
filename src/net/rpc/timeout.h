#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/time.h"

namespace rpc {

// The value of the "grpc-timeout" header:
//
//   timeout = 1*8DIGIT unit;  unit = "H" / "M" / "S" / "m" / "u" / "n"
//
// or of up to `digits_max`, 18 at most, where others than gRPC take more. What is longer than 292
// years is as long as that. The failure's text is grpc-go's.
base::Result<runtime::Duration> ParseTimeout(base::ByteView text, size_t digits_max = 8);

// The shortest unit in which `timeout` fits, rounded up; what is not positive becomes "1n".
std::string FormatTimeout(runtime::Duration timeout);

}  // namespace rpc
