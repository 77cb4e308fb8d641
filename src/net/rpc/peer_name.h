#pragma once

#include <string>

#include "runtime/network.h"

// How a client calls the server at an address if nobody has said otherwise: clientv3's names.

namespace rpc {

// The ":authority" of its requests: "host:port", or of a socket in the file system its file name.
std::string AuthorityOf(const runtime::Address& address);

// The name that its certificate must have: the same without what looks like a port.
std::string ServerNameOf(const runtime::Address& address);

}  // namespace rpc
