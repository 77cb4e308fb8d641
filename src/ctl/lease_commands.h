#pragma once

#include "ctl/command.h"

namespace ctl {

Outcome RunLeaseGrant(const Invocation& invocation);
Outcome RunLeaseRevoke(const Invocation& invocation);
Outcome RunLeaseTimeToLive(const Invocation& invocation);
Outcome RunLeaseList(const Invocation& invocation);
// Renews the lease until it is gone; with --once a single time.
Outcome RunLeaseKeepAlive(const Invocation& invocation);

}  // namespace ctl
