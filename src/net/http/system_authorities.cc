#include "net/http/system_authorities.h"

#include <array>
#include <string>
#include <utility>

namespace http {
namespace {

constexpr std::array<const char*, 4> kPaths = {"/etc/ssl/certs/ca-certificates.crt",
                                               "/etc/pki/tls/certs/ca-bundle.crt",
                                               "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

}  // namespace

std::optional<base::Bytes> ReadSystemAuthorities(runtime::Disk& disk) {
  for (const char* const path : kPaths) {
    base::Result<base::Bytes> read = runtime::ReadFile(disk, path);
    if (read.ok()) return std::move(read).value();
  }
  return std::nullopt;
}

}  // namespace http
