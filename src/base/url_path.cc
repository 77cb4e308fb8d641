#include "base/url_path.h"

#include <algorithm>
#include <cstdint>

namespace base {
namespace {

bool StandsForItself(char c) {
  const bool is_alphanumeric =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return is_alphanumeric || std::string_view("-_.~$&+,/:;=@").find(c) != std::string_view::npos;
}

}  // namespace

std::string PathEscape(std::string_view path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : path) {
    if (StandsForItself(c)) {
      escaped += c;
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return escaped;
}

std::string CanonicalPath(std::string_view path) {
  std::string clean;
  std::string_view rest = path;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view element = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (element == "..") {
      clean.erase(std::min(clean.rfind('/'), clean.size()));
    } else if (!element.empty() && element != ".") {
      clean.append("/").append(element);
    }
  }
  if (clean.empty() || path.ends_with('/')) clean += '/';
  return clean;
}

}  // namespace base
