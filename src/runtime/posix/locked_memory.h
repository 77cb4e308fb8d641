#pragma once

#include "base/status.h"

namespace runtime::posix {

// Keeps what the process has in memory, and will have, from being paged out: each page from its
// first use on, those of mapped files too. kResourceExhausted if the process may lock only so much:
// some later allocation would fail then.
base::Status LockMemory();

}  // namespace runtime::posix
