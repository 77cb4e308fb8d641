#pragma once

#include "runtime/asio/loop.h"
#include "runtime/network.h"

namespace runtime::asio {

// The machine's sockets, on one loop.
class Network final : public runtime::Network {
 public:
  // `loop` must outlive the network and everything it makes.
  explicit Network(Loop* loop);

  base::Result<std::unique_ptr<Listener>> Listen(
      const Address& address, const ListenOptions& options,
      base::Callback<void(std::unique_ptr<Stream>)> on_accept) override;
  std::unique_ptr<Connecting> Connect(
      const Address& address,
      base::Callback<void(base::Result<std::unique_ptr<Stream>>)> done) override;

 private:
  Loop* const loop_;
};

}  // namespace runtime::asio
