#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/advertised_urls.h"
#include "base/status.h"
#include "config/url.h"

// What --initial-cluster says, and whether that can be. Errors are etcd's.

namespace app {

using InitialCluster = std::map<std::string, std::vector<config::Url>>;

// Two members cannot be at one place. `what` cluster it is: "initial", "discovery".
base::Status CheckDistinctUrls(const InitialCluster& cluster, std::string_view what = "initial");
base::Status CheckHasSelf(const InitialCluster& initial, const std::string& name);

// Whether member `name`, which advertises these peer URLs, can be founded as one of them.
base::Status CheckFounding(const std::string& name, const InitialCluster& initial,
                           const std::vector<config::Url>& advertised, const Resolve& resolve);

}  // namespace app
