#pragma once

#include <etcd/auth.h>

#include <string>

#include "ctl/connection.h"

namespace ctl {

Outcome RunAuthEnable(const Invocation& invocation);
Outcome RunAuthDisable(const Invocation& invocation);
Outcome RunAuthStatus(const Invocation& invocation);

// Shows what has been changed of users or roles, `said` in the simple format, or why it was not.
Outcome ShowAuthChange(const Connection& connection, const std::string& said,
                       const etcd::Result<etcd::AuthChangeResponse>& response);

}  // namespace ctl
