#pragma once

#include "net/http/plain.h"
#include "runtime/loop.h"
#include "server/server.h"

namespace peer {

// What the peer port tells of the whole member, and has it do:
//
//   GET  /version                which versions it and its cluster have
//   GET  /members/hashkv         the hash of the keys at {"revision":N}, in JSON both ways
//   POST /members/promote/<id>   makes a voter of the learner with that decimal id
//   POST /leases                 renews a lease, in protobuf both ways: lease_messages.h
//   POST /leases/internal        how long a lease has left, likewise
//   GET  /downgrade/enabled      whether the cluster's version is to be lowered: true or false
//   POST /cornerstore/members/replace  replaces a member that asks for it: replacement_messages.h
//
// But for the last, which is not etcd's, with etcd's checks and texts. `loop` is that of the
// service; both and `server` outlive the requests.
void AddMemberEndpoints(http::PlainService& service, runtime::Loop* loop, server::Server* server);

}  // namespace peer
