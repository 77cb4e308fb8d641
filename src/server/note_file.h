#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "runtime/disk.h"

// Small files by which a member tells its next starts something. Both are durable on return.

namespace server {

// Whole or not at all, in the place of the one that is there.
base::Status WriteNoteFile(runtime::Disk& disk, const std::string& path, std::string_view text);
// OK if there is none.
base::Status RemoveNoteFile(runtime::Disk& disk, const std::string& path);

}  // namespace server
