#include "net/http/protocol.h"

#include <algorithm>

namespace http {

std::optional<Version> DetectVersion(base::ByteView first_bytes) {
  const size_t known = std::min(first_bytes.size(), kHttp2Preface.size());
  if (first_bytes.substr(0, known) != kHttp2Preface.substr(0, known)) return Version::kHttp1;
  if (known < kHttp2Preface.size()) return std::nullopt;
  return Version::kHttp2;
}

}  // namespace http
