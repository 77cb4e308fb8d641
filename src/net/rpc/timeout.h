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
// The failure's text is grpc-go's.
base::Result<runtime::Duration> ParseTimeout(base::ByteView text);

// The shortest unit in which `timeout` fits, rounded up; what is not positive becomes "1n".
std::string FormatTimeout(runtime::Duration timeout);

}  // namespace rpc
