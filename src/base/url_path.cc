#include "base/url_path.h"

#include <algorithm>

namespace base {

std::string CanonicalPath(std::string_view path) {
  std::string clean;
  clean.reserve(path.size() + 1);
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
