#include "net/gateway/clean_path.h"

#include <algorithm>

namespace gateway {

std::string CleanPath(base::ByteView path) {
  if (path.find('%') != base::ByteView::npos) return std::string(path);
  std::string clean;
  base::ByteView rest = path;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('/'), rest.size());
    const base::ByteView element = rest.substr(0, end);
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

}  // namespace gateway
