#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "config/server_config.h"
#include "observe/log.h"
#include "runtime/disk.h"
#include "runtime/time.h"

// How the members of a cluster that is about to be founded find each other through another etcd,
// which knows their number (--discovery-token, --discovery-endpoints):
//
//   /_etcd/registry/TOKEN/_config/size   the number, put there by an operator
//   /_etcd/registry/TOKEN/members/ID     "name=url,name=url": a member, put there by itself
//
// Or through a service of API v2 (--discovery URL): below the URL, without "members/", and nobody
// takes the place of another. The first that came, as many as there are to be, are the cluster.

namespace app {

// What is stored at a key.
struct RegistryEntry {
  std::string key;
  std::string value;
  int64_t create_revision = 0;
};

// The etcd that members find each other through. Waits for its answers. kFailedPrecondition, in
// etcd's words, for what does not become right when it is asked again.
class Registry {
 public:
  virtual ~Registry() = default;
  virtual base::Result<std::vector<RegistryEntry>> Get(const std::string& key) = 0;
  virtual base::Result<std::vector<RegistryEntry>> GetPrefix(const std::string& prefix) = 0;
  virtual base::Status Put(const std::string& key, const std::string& value) = 0;
};

// Where it has what.
struct RegistryKeys {
  std::string size;
  std::string members;  // those below
  std::string self;     // one of them
};

// That of the flags. Fails if they contradict themselves, a file cannot be used, or user and
// password are refused. `disk` is read while this runs.
base::Result<std::unique_ptr<Registry>> OpenRegistry(const config::DiscoveryConfig& config,
                                                     runtime::Disk& disk);
// That of API v2: the keys are paths below DiscoveryConfig::url, and Put is for new ones alone.
base::Result<std::unique_ptr<Registry>> OpenV2Registry(const config::DiscoveryConfig& config,
                                                       runtime::Disk& disk);
RegistryKeys KeysInRegistry(const config::DiscoveryConfig& config, base::MemberId self);

struct Discovering {
  const config::DiscoveryConfig& config;
  Registry* registry;
  base::MemberId self;
  std::string initial_cluster;  // of this member alone
  std::function<void(runtime::Duration)> pause;
  const observe::Logger& logger;
};

// Registers this member and waits, however long, until as many are there as the cluster is to have;
// returns them in the form of --initial-cluster. A registry that does not answer is asked again,
// after two seconds and each time twice as many, up to some four minutes. Fails in etcd's words: if
// the token has no number of members or a bad one, if it has its members already, or if two of them
// have one name.
base::Result<std::string> JoinByDiscovery(const Discovering& with);
// `why` the member could not join, as etcd puts it.
base::Status DiscoveryFailed(const base::Status& why);

}  // namespace app
