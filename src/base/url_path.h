#pragma once

#include <string>
#include <string_view>

namespace base {

// A path as Go's servers have it: rooted, without empty, "." and ".." elements; a slash at the end
// stays. Escapes are no escapes here.
std::string CanonicalPath(std::string_view path);

}  // namespace base
