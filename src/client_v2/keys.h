#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "client_v2/answers.h"
#include "client_v2/cluster.h"

// Calls of /v2/keys.

namespace client_v2 {

// Parameters by name, as Go orders them.
using Parameters = std::map<std::string, std::string>;
std::string Encode(const Parameters& parameters);

struct KeyCall {
  std::string method;
  std::string key;
  Parameters query = {};
  std::optional<Parameters> form = {};
  bool waits = false;
  bool once = false;
};
std::optional<Failure> AskKey(Cluster& cluster, const Deadline& deadline, const KeyCall& call,
                              Event* event);

// Changes of a key or below it, one by one.
class Watcher {
 public:
  // Behind the index `after`, or from now on if that is 0. `cluster` outlives this.
  Watcher(Cluster* cluster, std::string key, uint64_t after, bool is_recursive);

  // Waits for the next one.
  std::optional<Failure> Next(Event* event);

 private:
  Cluster* const cluster_;
  const std::string key_;
  const bool is_recursive_;
  uint64_t wait_index_;
};

}  // namespace client_v2
