#pragma once

#include <memory>
#include <vector>

#include "net/http/testing/world.h"

namespace http::testing {

// A server that sends any bytes and keeps what it receives, on each connection that it is asked
// for.
class RawServer {
 public:
  // Beside the world's server, on the same host.
  inline static const runtime::Address kAddress{"server", 80, ""};

  explicit RawServer(World* world) {
    world->DoAtServer([this, world] {
      auto listening = world->server_network().Listen(
          kAddress, {}, [this](std::unique_ptr<runtime::Stream> stream) {
            peers_.push_back(std::make_unique<RawClient>(std::move(stream)));
          });
      listener_ = std::move(listening).value();
    });
  }

  size_t size() const { return peers_.size(); }
  RawClient& peer(size_t number) { return *peers_.at(number); }
  RawClient& last() { return *peers_.back(); }
  void StopListening() { listener_.reset(); }

 private:
  std::unique_ptr<runtime::Listener> listener_;
  std::vector<std::unique_ptr<RawClient>> peers_;
};

}  // namespace http::testing
