#include "runtime/posix/permissions.h"

#include <sys/stat.h>

#include <string_view>

namespace runtime::posix {
namespace {

std::optional<unsigned> PermissionsOf(const std::string& path, mode_t type) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || (info.st_mode & S_IFMT) != type) return std::nullopt;
  return info.st_mode & 0777;
}

}  // namespace

std::optional<unsigned> DirectoryPermissions(const std::string& path) {
  return PermissionsOf(path, S_IFDIR);
}

std::optional<unsigned> FilePermissions(const std::string& path) {
  return PermissionsOf(path, S_IFREG);
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
