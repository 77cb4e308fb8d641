#pragma once

#include <string>

namespace base {

// What an error number of the operating system means, as Go says it: "no such file or directory".
std::string ErrnoText(int error_number);

}  // namespace base
