#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "server/options.h"

namespace peer {

// Who this member is to its peers: what every request of it says in its head.
struct Identity {
  base::MemberId id;
  base::ClusterId cluster;
  // Its own, where an unknown member can answer.
  std::vector<std::string> peer_urls;
  members::Extensions extensions = {};  // that it understands
  std::string_view version = server::kVersion;
  // Of the members that it can be in a cluster with.
  std::string_view min_cluster_version = server::kMinClusterVersion;
};

}  // namespace peer
