#include "client_v2/tls_files.h"

#include "net/http/system_authorities.h"
#include "runtime/posix/disk.h"

namespace client_v2 {
namespace {

base::Result<base::Bytes> ReadPem(runtime::Disk& disk, const std::string& path) {
  base::Result<base::Bytes> read = runtime::ReadFile(disk, path);
  if (read.ok()) return read;
  return base::Status(read.status().code(), "open " + std::string(read.status().message()));
}

}  // namespace

base::Result<std::shared_ptr<const http::TlsContext>> OpenTls(const TlsFiles& files) {
  if (files.certificate.empty() != files.key.empty()) {
    return base::Status(base::Code::kInvalidArgument,
                        "KeyFile and CertFile must both be present[key: " + files.key +
                            ", cert: " + files.certificate + "]");
  }
  runtime::posix::Disk disk;
  http::TlsOptions options;
  options.skip_verify = files.skip_verify;
  if (files.authorities.empty()) {
    options.trusted_ca_pem = http::ReadSystemAuthorities(disk).value_or(base::Bytes());
  } else {
    ASSIGN_OR_RETURN(options.trusted_ca_pem, ReadPem(disk, files.authorities));
  }
  if (!files.certificate.empty()) {
    ASSIGN_OR_RETURN(options.certificate_pem, ReadPem(disk, files.certificate));
    ASSIGN_OR_RETURN(options.key_pem, ReadPem(disk, files.key));
  }
  return http::TlsContext::New(http::TlsContext::Role::kClient, options);
}

}  // namespace client_v2
