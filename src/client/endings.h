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
// For a text that no message can hold; in grpc-go's words.
inline base::Status NotUtf8() {
  return base::Status(base::Code::kInternal,
                      "grpc: error while marshaling: string field contains invalid UTF-8");
}
// By the end of the client.
inline base::Status Closing() {
  return base::Status(base::Code::kCanceled, "grpc: the client connection is closing");
}

}  // namespace client
