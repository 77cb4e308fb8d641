#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/http/tls_context.h"

namespace client_v2 {

// Files in PEM form, or empty.
struct TlsFiles {
  std::string authorities = {};  // whom to trust; if empty, whom the machine does
  std::string certificate = {};  // to show to members, and its key: both or none
  std::string key = {};
  bool skip_verify = false;
};
// Reads them. Blocks. Fails in etcd's words.
base::Result<std::shared_ptr<const http::TlsContext>> OpenTls(const TlsFiles& files);

}  // namespace client_v2
