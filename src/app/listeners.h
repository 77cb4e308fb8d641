#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/tls_files.h"
#include "base/result.h"
#include "config/server_config.h"
#include "runtime/network.h"

namespace app {

// What a listener serves.
enum class Surface : uint8_t {
  kAll,      // gRPC and HTTP
  kGrpc,     // the clients' port when HTTP has its own
  kHttp,     // JSON and plain endpoints
  kMetrics,  // metrics and health
  kPeers,    // the other members
};

struct ListenerPlan {
  runtime::Address address;
  Surface surface = Surface::kAll;
  // With both, each connection's first byte tells which it is.
  bool plaintext = false;
  bool tls = false;
};

// The listeners that the configuration asks for: one for each address of a surface, whatever the
// schemes of its URLs. kInvalidArgument for one that needs a certificate where there is none.
base::Result<std::vector<ListenerPlan>> PlanListeners(const config::ServerConfig& config);

// The same for the other members.
base::Result<std::vector<ListenerPlan>> PlanPeerListeners(const config::ServerConfig& config);

}  // namespace app
