#pragma once

#include <cstdint>
#include <functional>

#include "base/callback.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace client {

// What a client runs on, and how those wait who call it. One client each.
class Host {
 public:
  virtual ~Host() = default;

  // All that the client has lives there.
  virtual runtime::Loop& loop() = 0;
  virtual runtime::Network& network() = 0;
  // Another one each time, for what is to differ from client to client.
  virtual uint64_t NewSeed() = 0;
  // What the network has must be gone. What waits to be run on the loop is dropped.
  virtual void Stop() = 0;

  // Calls `start` with what ends the wait, and returns once that was called: once, on any thread.
  // It is there until then. Not on the loop; otherwise any thread.
  using Start = std::function<void(const std::function<void()>& end)>;
  virtual void Wait(const Start& start) = 0;

  // Runs `action` on the loop, and returns when it has run. Not on the loop.
  template <typename Action>
  void RunAndWait(Action action) {
    Wait([this, &action](const std::function<void()>& end) {
      loop().Post([&action, &end] {
        action();
        end();
      });
    });
  }
};

}  // namespace client
