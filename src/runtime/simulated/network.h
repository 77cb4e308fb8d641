#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "runtime/network.h"
#include "runtime/simulated/scheduler.h"

namespace runtime::simulated {

class Endpoint;

// The wires between the hosts of a simulation: byte streams that arrive late, in pieces of any
// size, stall behind partitions and break. One thread, the scheduler's.
class Wires {
 public:
  struct Options {
    Duration latency_min = std::chrono::microseconds(50);
    Duration latency_max = std::chrono::microseconds(500);
    // How many bytes one direction of a stream holds before Write takes no more.
    size_t window_bytes = 64 * 1024;
  };
  Wires(Scheduler* scheduler, const Options& options);
  explicit Wires(Scheduler* scheduler) : Wires(scheduler, Options{}) {}
  ~Wires();

  // The sockets of a process on `host`. An Address's host names a host of the simulation. The
  // process dies with its network: listeners close and each peer sees its streams reset.
  std::unique_ptr<Network> NewNetwork(std::string host, Loop* loop);

  // Nothing passes between the two hosts until they are joined; streams stall, connects hang.
  void Cut(const std::string& a, const std::string& b);
  // The same in one direction: what `from` sends waits, what it is sent still arrives. No
  // connection comes about.
  void Clog(const std::string& from, const std::string& to);
  void Join(const std::string& a, const std::string& b);
  // Joins all.
  void JoinAll() { cut_.clear(); }
  // Resets every stream between the two hosts.
  void Break(const std::string& a, const std::string& b);

  // How late what is sent from now on arrives.
  void SetLatency(Duration latency_min, Duration latency_max);

 private:
  friend class Endpoint;
  class HostNetwork;
  class HostListener;
  class Attempt;
  class EndpointStream;

  using Way = std::pair<std::string, std::string>;  // from a host to another

  bool IsCut(const std::string& from, const std::string& to) const;
  Duration DrawLatency();
  // A connected pair of endpoints, the connecting one first.
  std::pair<std::shared_ptr<Endpoint>, std::shared_ptr<Endpoint>> NewPair(const HostNetwork& from,
                                                                          const HostListener& to);

  Scheduler* const scheduler_;
  Options options_;
  std::set<Way> cut_;
  std::map<std::string, HostListener*> listeners_;  // by Address::ToString()
  std::map<uint64_t, std::weak_ptr<Endpoint>> endpoints_;
  uint64_t next_endpoint_number_ = 0;
  uint16_t next_port_ = 30000;
};

}  // namespace runtime::simulated
