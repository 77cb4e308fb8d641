#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/discovery.h"
#include "base/result.h"

// What a discovery service of API v2 says.

namespace app {

// A key, or a directory with what is in it, one level deep.
struct V2Node {
  RegistryEntry self;
  std::vector<RegistryEntry> below;
};

// Of the answer to a GET; nothing if there is no such key. Keys are as they are below `folder`,
// wherever the service's store has them. kFailedPrecondition for what is no answer of a service,
// kUnavailable for one that it may not give another time.
base::Result<std::optional<V2Node>> ParseV2Node(int status, std::string_view body,
                                                const std::string& folder);
// Of the answer to a PUT of a new key. kFailedPrecondition if it is there already.
base::Status ParseV2Put(int status, std::string_view body);

}  // namespace app
