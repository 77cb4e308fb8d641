#pragma once

#include <cstdint>
#include <string>

namespace etcdserverpb {
class InternalRaftRequest;
}

// Names of committed requests, as etcd's metrics have them.

namespace apply {

// The field of InternalRaftRequest that is the request; 0 if none is set.
uint32_t RequestField(const etcdserverpb::InternalRaftRequest& request);

// "DeleteRange" for the field delete_range; "unknown" if there is no such field.
std::string RequestTypeName(uint32_t field);

}  // namespace apply
