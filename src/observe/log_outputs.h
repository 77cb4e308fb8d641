#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "observe/log.h"

namespace observe {

// When a log file is full and how many full ones are kept: of etcd.log as etcd.1.log (the
// youngest), etcd.2.log and so on. Compat: etcd names full files after the time, and can also
// remove them by age and compress them; neither is done here.
struct Rotation {
  uint64_t max_size_megabytes = 100;
  // 0 for all, which are a thousand here.
  uint64_t max_backups = 0;
};

struct LogOutputs {
  // "default" and "stderr" are standard error, "stdout" standard output; anything else is the path
  // of a file that lines are appended to. Each counts once.
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
