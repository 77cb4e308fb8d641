#pragma once

#include <memory>

#include "api/v3/service.h"
#include "net/rpc/method.h"
#include "observe/metrics.h"

namespace v3 {

// Maintenance.Snapshot: everything that was applied when the call came, as a bbolt file and its
// digest, in chunks that go out as fast as the client takes them. `seconds` measures how long that
// takes, and belongs to the call's loop.
std::unique_ptr<rpc::CallHandler> NewSnapshotCall(const Context& context,
                                                  observe::Histogram seconds,
                                                  std::shared_ptr<rpc::ServerCall> call);

}  // namespace v3
