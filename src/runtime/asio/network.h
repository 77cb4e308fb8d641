#pragma once

#include <string>

#include "runtime/asio/loop.h"
#include "runtime/network.h"

namespace runtime::asio {

// The machine's sockets, on one loop.
class Network final : public runtime::Network {
 public:
  // `loop` must outlive the network and everything it makes. With a `local_address`, an IPv4 or an
  // IPv6 address, TCP connections are made from there, and only to addresses of its kind; an
  // attempt fails if the machine does not have it.
  explicit Network(Loop* loop, std::string local_address = {});

  base::Result<std::unique_ptr<Listener>> Listen(
      const Address& address, const ListenOptions& options,
      base::Callback<void(std::unique_ptr<Stream>)> on_accept) override;
  std::unique_ptr<Connecting> Connect(
      const Address& address,
      base::Callback<void(base::Result<std::unique_ptr<Stream>>)> done) override;

 private:
  Loop* const loop_;
  const std::string local_address_;
};

}  // namespace runtime::asio
