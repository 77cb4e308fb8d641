#pragma once

#include <cstdint>

#include "net/http/plain.h"
#include "server/server.h"

namespace web {

// GET /version: the versions of this program, of the cluster and of the storage, in JSON. Members
// are told which extensions this one understands, too (server/extensions.h); clients get etcd's
// answer.
enum class VersionFor : uint8_t { kClients, kMembers };
void AddVersion(http::PlainService& service, const server::Server* server, VersionFor who);

}  // namespace web
