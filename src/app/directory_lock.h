#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "observe/log.h"
#include "runtime/disk.h"

namespace app {

// Takes the lock of a member's directory, which is that of the file DATA_DIR/member/lock, and makes
// the directory if it is not there. Whoever holds it is the only process that changes anything
// below DATA_DIR; it is held until the file that is returned is destroyed or the process ends.
//
// While another process holds it, waits: tells the log at once, and every ten seconds. `pause`
// waits a while between two attempts; when it returns false, the answer is kCanceled.
base::Result<std::unique_ptr<runtime::File>> LockDirectory(runtime::Disk& disk,
                                                           const std::string& data_dir,
                                                           const observe::Logger& logger,
                                                           const runtime::Clock& clock,
                                                           const std::function<bool()>& pause);

}  // namespace app
