#pragma once

#include "net/http/exchange.h"
#include "net/http/plain.h"
#include "net/peer/identity.h"

// Answers of the peer port, byte for byte as etcd's.

namespace peer {

// Answers with all of `response`, in the name of the cluster. Once an exchange, as the first thing.
void SendAnswer(const Identity& self, http::PlainResponse response, http::Exchange* exchange);

// 405.
http::PlainResponse WrongMethod(std::string_view allowed);
// 403, on which a member of etcd ends itself.
http::PlainResponse RemovedMember();

}  // namespace peer
