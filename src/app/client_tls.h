#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/http/tls_context.h"
#include "runtime/disk.h"

namespace app {

// Files that flags name for what is dialled; empty: none.
struct ClientTlsFiles {
  std::string authorities;  // if empty, those of the machine
  std::string certificate;
  std::string key;
  bool skip_verify = false;
};
// Reads them. Blocks.
base::Result<std::shared_ptr<const http::TlsContext>> OpenClientTls(runtime::Disk& disk,
                                                                    const ClientTlsFiles& files);

}  // namespace app
