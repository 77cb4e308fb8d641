#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/time.h"

// What is answered to a probe: {"OK":true,"Now":"2026-05-01T10:00:00.123456789Z"} and a newline.

namespace peer {

base::Bytes EncodeProbeAnswer(runtime::WallTime now);
// The peer's clock; kDataLoss if that is no such answer, kUnavailable if it says that it is not OK.
base::Result<runtime::WallTime> DecodeProbeAnswer(base::ByteView text);

}  // namespace peer
