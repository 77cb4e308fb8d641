#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/network.h"

namespace client {

// Where a member answers, and whether it must be spoken to in TLS.
struct Endpoint {
  enum class Security : uint8_t {
    kAsConfigured,  // TLS if the client has options for it
    kPlain,
    kTls,
  };

  runtime::Address address;
  Security security = Security::kAsConfigured;
};

// The forms of etcd::ClientOptions::endpoints. kInvalidArgument names the endpoint at fault.
base::Result<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace client
