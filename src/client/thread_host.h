#pragma once

#include "client/host.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"

namespace client {

// A loop with a thread of its own, the machine's sockets, and threads that sleep where they wait.
class ThreadHost final : public Host {
 public:
  ThreadHost();

  runtime::Loop& loop() override { return thread_.loop(); }
  runtime::Network& network() override { return network_; }
  uint64_t NewSeed() override;
  void Stop() override { thread_.Stop(); }
  void Wait(const Start& start) override;

 private:
  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
};

}  // namespace client
