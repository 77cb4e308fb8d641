#include "net/gateway/clean_path.h"

#include "base/url_path.h"

namespace gateway {

std::string CleanPath(base::ByteView path) {
  if (path.find('%') != base::ByteView::npos) return std::string(path);
  return base::CanonicalPath(path);
}

}  // namespace gateway
