#pragma once

#include "net/http/plain.h"
#include "server/server.h"

namespace web {

// GET /version: the versions of this program, of the cluster and of the storage, in JSON.
void AddVersion(http::PlainService& service, const server::Server* server);

}  // namespace web
