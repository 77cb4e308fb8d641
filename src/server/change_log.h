#pragma once

#include "observe/log.h"

namespace etcdserverpb {
class InternalRaftRequest;
}

namespace server {

// Tells operators that users or roles were changed, as etcd does, or alarms or admission rules; for
// another request nothing. The request was carried out.
void LogChange(const etcdserverpb::InternalRaftRequest& request, const observe::Logger& logger);

}  // namespace server
