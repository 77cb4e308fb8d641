#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/ids.h"
#include "runtime/simulated/scheduler.h"
#include "sim/checker.h"
#include "sim/cluster.h"
#include "sim/message_network.h"
#include "sim/plan.h"

namespace sim {

// What tests' fixtures share that do their own harm to a simulated cluster: three members with
// quick disks and a quick network, to which nothing else happens. On one thread.
class QuietCluster {
 protected:
  explicit QuietCluster(uint64_t seed = 1);
  QuietCluster(const QuietCluster&) = delete;
  QuietCluster& operator=(const QuietCluster&) = delete;

  // Once, by `plan_`, before anything that follows.
  void Start(std::chrono::seconds until_it_has_a_leader = std::chrono::seconds(5));

  // Has the leader propose a request, of that field of InternalRaftRequest; nobody if there is
  // none. `done` is told whether it was carried out, or never called.
  void Propose(
      uint32_t field, const std::string& bytes, std::function<void(bool)> done = [](bool) {});

  // Puts so many keys that were not there, one in 20 ms, and waits for a second.
  void Put(int count);

  base::MemberId Follower() const;
  void ExpectNoViolation() const;

  Plan plan_;
  runtime::simulated::Scheduler scheduler_;
  Checker checker_;
  runtime::simulated::Wires wires_{&scheduler_};
  std::unique_ptr<Cluster> cluster_;
  int64_t acknowledged_ = 0;  // of Put

 private:
  int puts_ = 0;
};

}  // namespace sim
