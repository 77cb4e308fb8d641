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

bool HasDuplicateUrl(const InitialCluster& initial) {
  std::set<std::string> seen;
  for (const auto& [name, urls] : initial) {
    for (const config::Url& url : urls) {
      if (!seen.insert(url.ToString()).second) return true;
    }
  }
  return false;
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
  if (!HasDuplicateUrl(initial)) return {};
  return Invalid("initial cluster " + config::JoinInitialCluster(initial) + " has duplicate url");
}

}  // namespace app
