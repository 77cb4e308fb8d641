#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "observe/log_backups.h"

namespace spdlog::sinks {
class sink;
}  // namespace spdlog::sinks

namespace observe {

// A log file that is set aside when a line more would make it too large. What becomes of those that
// were set aside is seen to within a second, by a thread of its own, so that no line waits for it;
// destroying the sink ends that. Makes the folders on the way to the file; fails if it cannot be
// opened.
base::Result<std::shared_ptr<spdlog::sinks::sink>> OpenRotatingFile(const std::string& path,
                                                                    const Rotation& rotation);

}  // namespace observe
