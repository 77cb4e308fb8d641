#pragma once

#include <memory>

#include "base/result.h"
#include "config/server_config.h"
#include "observe/log.h"
#include "runtime/disk.h"
#include "runtime/time.h"
#include "server/raft_trace.h"

namespace app {

// Adds the steps of raft to the file that the configuration names, line by line, so that a member
// which is killed leaves all of them. At the bound, or where the disk takes no more, it says so and
// ends. Fails if the file cannot be opened. All outlive the trace.
base::Result<std::unique_ptr<server::RaftTrace>> OpenRaftTrace(const config::MemberConfig& config,
                                                               runtime::Disk* disk,
                                                               const runtime::Clock* clock,
                                                               const observe::Logger* logger);

}  // namespace app
