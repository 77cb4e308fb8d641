#include "runtime/posix/permissions.h"

#include <sys/stat.h>

#include <string_view>

namespace runtime::posix {

std::optional<unsigned> DirectoryPermissions(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return std::nullopt;
  return info.st_mode & 0777;
}

std::string PermissionText(unsigned permissions) {
  constexpr std::string_view kLetters = "rwxrwxrwx";
  std::string text;
  for (size_t i = 0; i < kLetters.size(); ++i) {
    const bool is_set = (permissions >> (kLetters.size() - 1 - i) & 1) != 0;
    text += is_set ? kLetters[i] : '-';
  }
  return text;
}

}  // namespace runtime::posix
