#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "config/url.h"
#include "observe/log.h"
#include "runtime/time.h"
#include "state/members/member.h"

// What members that run tell one that does not yet.

namespace app {

// What another member's peer port has answered.
struct PeerAnswer {
  int status = 0;
  std::string cluster_id;  // the header X-Etcd-Cluster-ID
  std::string body;
};
// GET `path` of a peer URL, with a body, which may be empty. Waits for the answer, `timeout` at
// most.
using AskPeer =
    std::function<base::Result<PeerAnswer>(const config::Url& peer, const std::string& path,
                                           const std::string& body, runtime::Duration timeout)>;

// The cluster as one of its members describes it.
struct RunningCluster {
  base::ClusterId id;
  std::vector<members::Member> members;  // ascending by id
};

// What one of the members at `urls` says, the first that answers; each is asked for `timeout` at
// most. kInvalidArgument, in etcd's words, if none does.
base::Result<RunningCluster> AskMembers(const AskPeer& ask, const std::vector<config::Url>& urls,
                                        runtime::Duration timeout, const observe::Logger& logger);

// kInvalidArgument for a member with one that is none.
base::Result<std::vector<config::Url>> PeerUrlsOf(const members::Member& member);

}  // namespace app
