#pragma once

#include <string>

#include "base/status.h"
#include "runtime/disk.h"

namespace backend {

// Why LMDB could not write to the file at `path`. It calls a write that was cut short an
// input/output error, whatever the cause; what one page more is answered tells that: there is no
// room on the disk, or the file may not grow. `failed` itself if it was something else. Nobody else
// may write to the file meanwhile.
base::Status WriteFailure(runtime::Disk& disk, const std::string& path, const base::Status& failed);

}  // namespace backend
