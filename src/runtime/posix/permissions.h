#pragma once

#include <optional>
#include <string>

namespace runtime::posix {

// Who may do what with a directory, as its nine bits; nothing if it is not there.
std::optional<unsigned> DirectoryPermissions(const std::string& path);
// The same of a file.
std::optional<unsigned> FilePermissions(const std::string& path);

// "rwxr-x---".
std::string PermissionText(unsigned permissions);

}  // namespace runtime::posix
