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

// Empty if both are the same places: the same addresses however they are written, or names of them.
// `localhost` is no name but a place of its own, as in etcd. Else why not, in etcd's words.
std::string Difference(const std::vector<config::Url>& advertised,
                       const std::vector<config::Url>& initial, const Resolve& resolve);

// Whether the peer URLs that a member is about to be founded with, in `initial` of
// --initial-cluster, are those that it advertises, as Difference compares them. Otherwise etcd's
// text. Others would look for the member where it is not.
base::Status CheckAdvertisedUrls(const std::string& name, const std::vector<config::Url>& initial,
                                 const std::vector<config::Url>& advertised,
                                 const Resolve& resolve);

}  // namespace app
