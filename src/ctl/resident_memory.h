#pragma once

#include <etcd/options.h>

#include "base/result.h"

namespace ctl {

// How much memory the member at the first of the endpoints has, in bytes, as its page of metrics
// says. Waits for it. Fails in words for people.
base::Result<double> FetchResidentMemory(const etcd::ClientOptions& options);

// The same, on such a page.
base::Result<double> FindResidentMemory(std::string_view page);

}  // namespace ctl
