#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "dump/log_dump.h"
#include "raft/types.h"

namespace dump {

// The snapshot that a log is read from.
struct LogStart {
  base::Index index;
  base::Term term;
  raft::ConfState conf_state;
};

// That of the file that was asked for; of the newest file that can be read; or, where there is
// none, that of the log's newest mark. All zero: the log is read from its beginning. Errors are
// texts of etcd, with the file's name.
base::Result<LogStart> FindLogStart(runtime::Disk& disk, const LogDump& dump);

// "Snapshot:" and what it is.
std::string StartText(const LogStart& start);

}  // namespace dump
