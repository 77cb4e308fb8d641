#pragma once

#include "base/status.h"

// How this client itself ends what it was asked for.

namespace client {

inline base::Status DeadlineExceeded() {
  return base::Status(base::Code::kDeadlineExceeded, "context deadline exceeded");
}
// By its handle, or its sink.
inline base::Status Canceled() {
  return base::Status(base::Code::kCanceled, "context canceled");
}
// By the end of the client.
inline base::Status Closing() {
  return base::Status(base::Code::kCanceled, "grpc: the client connection is closing");
}

}  // namespace client
