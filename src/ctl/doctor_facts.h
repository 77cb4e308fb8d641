#pragma once

#include <etcd/client.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ctl/connection.h"
#include "ctl/metrics_text.h"
#include "runtime/time.h"

namespace ctl {

// What one endpoint says of itself.
struct MemberFacts {
  std::string endpoint = {};
  std::string failure = {};  // why it did not answer; empty if it did
  etcd::StatusResponse status = {};
  std::optional<MetricsText> metrics = std::nullopt;  // nothing if it does not show them
};

struct ClusterFacts {
  std::vector<MemberFacts> endpoints = {};
  std::optional<etcd::MemberListResponse> members = std::nullopt;  // if anybody could tell
  std::vector<etcd::Alarm> alarms = {};
  std::string read_failure = {};  // why nothing can be read through consensus; empty if it can
  runtime::WallTime now = {};
};

// Gathers them again and again, over the same connections.
class FactsGatherer {
 public:
  // `globals` outlives it.
  FactsGatherer(const Globals* globals, const std::vector<std::string>& endpoints);
  ~FactsGatherer();
  FactsGatherer(const FactsGatherer&) = delete;
  FactsGatherer& operator=(const FactsGatherer&) = delete;

  // As GatherFacts.
  ClusterFacts Gather();

 private:
  class Asked;
  bool ConnectTo(const std::vector<std::string>& endpoints);

  const Globals& globals_;
  std::vector<std::unique_ptr<Asked>> asked_;
  std::vector<std::string> connected_to_;
  std::unique_ptr<etcd::Client> client_;  // of those that answered last
};

// Asks all endpoints, each as long as --command-timeout says at most; those that do not answer take
// the time of one.
ClusterFacts GatherFacts(const Globals& globals, const std::vector<std::string>& endpoints);

}  // namespace ctl
