#pragma once

#include <memory>
#include <string>

#include "client/host.h"
#include "runtime/random.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"
#include "runtime/simulated/threads.h"

namespace sim {

// What a client of the client library runs on in the simulation: a loop and wires of its own, and
// simulated threads that wait for it.
class LibraryHost final : public client::Host {
 public:
  // All outlive this.
  LibraryHost(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
              runtime::simulated::Threads* threads, const std::string& host, uint64_t seed)
      : threads_(*threads),
        random_(seed),
        loop_(scheduler->NewLoop(host)),
        network_(wires->NewNetwork(host, loop_.get())) {}

  runtime::Loop& loop() override { return *loop_; }
  runtime::Network& network() override { return *network_; }
  uint64_t NewSeed() override { return random_.Next(); }
  void Stop() override {}
  void Wait(const Start& start) override { threads_.Wait(start); }

 private:
  runtime::simulated::Threads& threads_;
  runtime::Random random_;
  const std::unique_ptr<runtime::Loop> loop_;
  const std::unique_ptr<runtime::Network> network_;
};

}  // namespace sim
