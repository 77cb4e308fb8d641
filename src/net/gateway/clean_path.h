#pragma once

#include <string>

#include "base/bytes.h"

namespace gateway {

// The path that Go's servers answer instead of `path`, by redirecting to it: rooted, without empty,
// "." and ".." elements; a slash at the end stays. Paths with escapes are left as they are.
std::string CleanPath(base::ByteView path);

}  // namespace gateway
