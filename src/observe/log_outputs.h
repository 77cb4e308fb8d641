#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "observe/log.h"
#include "observe/log_backups.h"

namespace observe {

struct LogOutputs {
  // "default" and "stderr" are standard error, "stdout" standard output, "systemd/journal" is that;
  // anything else is the path of a file that lines are appended to. Each counts once.
  std::vector<std::string> names = {"default"};
  // Of the files.
  std::optional<Rotation> rotation = std::nullopt;
  // Lines that may wait to be written. If more do, the oldest are dropped.
  size_t queue_lines_max = 4096;
};

// A sink that hands lines to a thread of its own, so that no writer waits for a disk or a pipe.
// Destroying it writes out what waits. Fails if a file cannot be opened.
base::Result<std::unique_ptr<LogSink>> OpenLogOutputs(const LogOutputs& outputs);

}  // namespace observe
