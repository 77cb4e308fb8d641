#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace config {

// Where a collector of traces is, by what --distributed-tracing-address says:
//
//   host[:port]                       by gRPC, port 443 if none is given; also "dns:host:port"
//   unix:path                         likewise, by a socket in the file system
//   http[s]://host[:port][/path]      by HTTP; ports 80 and 443, path /v1/traces if none is given
struct CollectorAddress {
  enum class Protocol : uint8_t { kGrpc, kHttp, kHttps };

  Protocol protocol = Protocol::kGrpc;
  // Without brackets; empty for a socket in the file system.
  std::string host;
  uint16_t port = 0;
  std::string unix_path;
  // Of HTTP, with the query if there is one.
  std::string path;
};

// Fails with kInvalidArgument and a text that names the flag.
base::Result<CollectorAddress> ParseCollectorAddress(std::string_view text);

}  // namespace config
