#pragma once

#include <functional>
#include <memory>

#include "net/http/tls_context.h"
#include "runtime/loop.h"
#include "runtime/network.h"
#include "server/environment.h"

namespace peer {

// What peers are reached with. All of it outlives the transport, and the server's part its workers.
struct Environment {
  // The peer loop: its sockets, and nothing else that takes long.
  runtime::Loop* loop;
  runtime::Network* network;  // of that loop
  // How members at https:// URLs are talked to; asked at each dial. Null: they are not reached.
  std::function<std::shared_ptr<const http::TlsContext>()> tls;
  // Its disk, bulk_workers, open_backend, move_backend, logger and registry.
  const server::Environment* server;
};

}  // namespace peer
