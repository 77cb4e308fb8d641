#pragma once

#include "base/status.h"

namespace runtime::posix {

// Tells systemd, or whoever else has started the process and named a socket in $NOTIFY_SOCKET, that
// it has begun to serve. OK if nobody wants to know. Does not wait.
base::Status NotifyReady();

}  // namespace runtime::posix
