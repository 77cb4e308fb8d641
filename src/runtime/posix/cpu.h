#pragma once

#include <cstddef>

namespace runtime::posix {

// The processors that this process may run on; at least 1.
size_t UsableCpuCount();

}  // namespace runtime::posix
