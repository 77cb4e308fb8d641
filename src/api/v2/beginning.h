#pragma once

#include <functional>

#include "base/status.h"
#include "server/frontend.h"
#include "server/server.h"

namespace v2 {

// Runs `then` on the frontend's loop once the cluster has a tree: at once, but for the first
// request that a cluster ever gets, which has it begin with one. Not OK, saying why, if it cannot:
// all its members must understand the entries.
using OnTree = std::function<void(const base::Status& status)>;
void WithTree(server::Server* server, server::Frontend* frontend, OnTree then);

}  // namespace v2
