#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/advertised_urls.h"
#include "app/discovery.h"
#include "app/running_cluster.h"
#include "base/result.h"
#include "config/server_config.h"
#include "config/url.h"
#include "observe/log.h"
#include "runtime/dns/srv.h"
#include "runtime/time.h"
#include "server/options.h"

// What a member has to find out from others before its first start, when it has no log yet.

namespace app {

// The ways to ask. All of them wait.
struct Bootstrapping {
  const config::ServerConfig& config;
  AskPeer ask;
  Resolve resolve;
  runtime::dns::LookupSrvFn lookup_srv;
  std::function<base::Result<std::unique_ptr<Registry>>()> open_registry;
  std::function<void(runtime::Duration)> pause;
  const observe::Logger& logger;
};

// All of a first start: finds out who the members are, from --initial-cluster, DNS or the discovery
// service, checks what was found as the functions below do, and puts it into `*options`. Fails in
// etcd's words. Takes as long as the discovery service takes to hear of all members.
base::Status Bootstrap(const Bootstrapping& with, server::Options* options);

// The part of it that asks DNS where --initial-cluster does not say who the members are: puts into
// `*cluster` as many of them as are known before anybody was registered, and the token.
base::Status FindInitialCluster(const Bootstrapping& with, config::ClusterConfig* cluster);

// Of a member that is to found a cluster with others: kFailedPrecondition if one of them knows it
// as a member that has run already, whose votes would be forgotten. Others that do not answer are
// not there yet.
base::Status CheckNotBootstrapped(const Bootstrapping& with, const server::Options& options);

// Of a member that is to join a running cluster: which one that is, and who the member is in it.
// Fails in etcd's words if no other member answers, if --initial-cluster does not describe the
// cluster's members, or if this version cannot be one of them. kFailedPrecondition for a member
// that has run before: without its log it may vote twice.
base::Result<server::Joining> FindCluster(const Bootstrapping& with);

}  // namespace app
