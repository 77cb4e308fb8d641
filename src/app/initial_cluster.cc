#include "app/initial_cluster.h"

#include <set>
#include <utility>

#include "base/go_text.h"

namespace app {
namespace {

base::Status Invalid(std::string text) {
  return {base::Code::kInvalidArgument, std::move(text)};
}

}  // namespace

base::Status CheckDistinctUrls(const InitialCluster& cluster, std::string_view what) {
  std::set<std::string> seen;
  for (const auto& [name, urls] : cluster) {
    for (const config::Url& url : urls) {
      if (seen.insert(url.ToString()).second) continue;
      return Invalid(std::string(what) + " cluster " + config::JoinInitialCluster(cluster) +
                     " has duplicate url");
    }
  }
  return {};
}

base::Status CheckHasSelf(const InitialCluster& initial, const std::string& name) {
  if (initial.contains(name)) return {};
  return Invalid("couldn't find local name " + base::Quote(name) +
                 " in the initial cluster configuration");
}

base::Status CheckFounding(const std::string& name, const InitialCluster& initial,
                           const std::vector<config::Url>& advertised, const Resolve& resolve) {
  RETURN_IF_ERROR(CheckHasSelf(initial, name));
  RETURN_IF_ERROR(CheckAdvertisedUrls(name, initial.at(name), advertised, resolve));
  return CheckDistinctUrls(initial);
}

}  // namespace app
