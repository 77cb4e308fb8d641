#include "app/client_tls.h"

#include "net/http/system_authorities.h"

namespace app {

base::Result<std::shared_ptr<const http::TlsContext>> OpenClientTls(runtime::Disk& disk,
                                                                    const ClientTlsFiles& files) {
  http::TlsOptions options;
  options.skip_verify = files.skip_verify;
  if (files.authorities.empty()) {
    options.trusted_ca_pem = http::ReadSystemAuthorities(disk).value_or(base::Bytes());
  } else {
    ASSIGN_OR_RETURN(options.trusted_ca_pem, runtime::ReadFile(disk, files.authorities));
  }
  if (!files.certificate.empty()) {
    ASSIGN_OR_RETURN(options.certificate_pem, runtime::ReadFile(disk, files.certificate));
    ASSIGN_OR_RETURN(options.key_pem, runtime::ReadFile(disk, files.key));
  }
  return http::TlsContext::New(http::TlsContext::Role::kClient, options);
}

}  // namespace app
