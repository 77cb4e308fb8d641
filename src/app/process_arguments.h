#pragma once

#include <string>
#include <vector>

#include "runtime/disk.h"

namespace app {

// What this process was started with, the program first; from /proc. Nothing if that cannot be
// read.
std::vector<std::string> ProcessArguments(runtime::Disk& disk);

}  // namespace app
