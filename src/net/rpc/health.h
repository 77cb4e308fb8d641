#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "net/rpc/server.h"

namespace rpc {

// grpc.health.v1.Health: whether the services of a server serve, for load balancers and probes.
// One for each server, on its loop, and outliving it.
class Health {
 public:
  // As in health.proto.
  enum class State : uint8_t { kUnknown = 0, kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

  // The server as a whole, named "", serves from the start.
  Health() { states_[""] = State::kServing; }

  // Adds Check, Watch and List to the table.
  void AddTo(Server& server);

  // Tells those who watch.
  void Set(const std::string& service, State state);

  // Nothing serves any more; those who watch are told.
  void Stop();

 private:
  class Watcher;

  // kServiceUnknown if the service was never set.
  State Get(const std::string& service) const;

  std::map<std::string, State> states_;
  std::set<Watcher*> watchers_;
};

}  // namespace rpc
