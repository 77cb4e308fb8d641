#pragma once

#include "base/status.h"
#include "runtime/disk.h"
#include "server/data_directory.h"
#include "server/environment.h"
#include "server/options.h"

namespace server {

// Leaves the file README in DATA_DIR/member, unless it is there: for people who come upon the
// directory, and might start another etcd on it.
base::Status LeaveNote(const Options& options, const Environment& environment);
// Removes it, if it is there. Not durable on return.
base::Status RemoveNote(runtime::Disk& disk, const Paths& paths);

}  // namespace server
