#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/server_config.h"
#include "config/url.h"

namespace app {

// The first address of a host name; nothing if there is none. May ask the network and wait for it.
using Resolve = std::function<std::optional<std::string>(const std::string& host)>;
std::optional<std::string> ResolveHost(const std::string& host);

// Empty if both are the same places, by their texts or as names of the same addresses; else why
// not.
std::string Difference(const std::vector<config::Url>& advertised,
                       const std::vector<config::Url>& initial, const Resolve& resolve);

// Whether the peer URLs that a member is about to be founded with, in `initial` of
// --initial-cluster, are those that it advertises: the same texts, or names of the same addresses.
// Otherwise etcd's text. Others would look for the member where it is not.
base::Status CheckAdvertisedUrls(const std::string& name, const std::vector<config::Url>& initial,
                                 const std::vector<config::Url>& advertised,
                                 const Resolve& resolve);

}  // namespace app
