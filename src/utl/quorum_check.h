#pragma once

#include <etcd/options.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/ids.h"
#include "utl/survivor.h"

namespace utl {

// What a member said that was asked whether it runs, and whom it takes for its leader.
struct EndpointAnswer {
  std::string endpoint = {};
  std::string error = {};   // why it did not answer; empty if it did
  bool is_reached = false;  // somebody is there, though it may not have answered
  base::ClusterId cluster = {};
  base::MemberId member = {};
  base::MemberId leader = {};  // 0: none is known
  bool is_learner = false;
};

// All client URLs that the survivors know of members, and `more`, each once.
std::vector<std::string> EndpointsOf(const std::vector<Survivor>& survivors,
                                     const std::vector<std::string>& more);

// Asks all of them at once, each for as long as `patience` to connect, and as long to answer; who
// refuses a connection, or cannot be found, has answered. The answers are in their order.
// `client` says who asks, and over which TLS. Blocks.
std::vector<EndpointAnswer> AskEndpoints(const std::vector<std::string>& endpoints,
                                         const etcd::ClientOptions& client,
                                         std::chrono::nanoseconds patience);

// What the answers say of the survivors' cluster. A voter that knows a leader has heard of it
// within an election timeout, and the leader of a majority: without one it steps down.
struct QuorumReport {
  // Why a quorum is there; empty if it is not.
  std::string quorum;
  // Why that is not known: who was reached, and could not be asked; empty if it is.
  std::string doubt;
  // Of members that run without one, and of endpoints that did not answer.
  std::vector<std::string> lines;
};
QuorumReport JudgeAnswers(const std::vector<Survivor>& survivors,
                          const std::vector<EndpointAnswer>& answers);

}  // namespace utl
