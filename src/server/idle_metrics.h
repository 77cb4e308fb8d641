#pragma once

#include "observe/metrics.h"

namespace server {

// Adds the families of etcd's whose subject this member does not have, or not always: watches,
// users, a service of the v2 API, a proxy, steps of bbolt's. They show what an etcd does that has
// none of these.
void AddIdleMetrics(observe::Registry* registry);

}  // namespace server
