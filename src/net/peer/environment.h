#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http/tls_context.h"
#include "runtime/loop.h"
#include "runtime/network.h"
#include "server/environment.h"
#include "storage/backend/backend.h"

namespace peer {

// What peers are reached with. All of it outlives the transport, and the server's part its workers.
struct Environment {
  // The peer loop: its sockets, and nothing else that takes long.
  runtime::Loop* loop;
  runtime::Network* network;  // of that loop
  // How members at https:// URLs are talked to; asked at each dial. Null: they are not reached.
  std::function<std::shared_ptr<const http::TlsContext>()> tls;
  // Opens or creates a database whose commits wait for no disk: durable is what its file's Sync has
  // seen, which is to come last. Any thread.
  std::function<base::Result<std::unique_ptr<backend::Backend>>(const std::string& path)>
      open_unsynced_backend;
  // Its disk, bulk_workers, open_backend, move_backend, logger and registry.
  const server::Environment* server;
};

}  // namespace peer
