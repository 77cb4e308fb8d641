#pragma once

#include <etcd/options.h>

#include <optional>
#include <string_view>

#include "base/result.h"

namespace bench {

// How many seconds of processors the members at all endpoints have taken since they started, as
// their pages of metrics say; nothing if one does not. Waits for them.
std::optional<double> FetchServerCpu(const etcd::ClientOptions& options);

// The same on one such page.
std::optional<double> FindServerCpu(std::string_view page);

}  // namespace bench
