#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "failpoints/service.h"
#include "net/http/server.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/failpoint_table.h"

namespace failpoints {

// The service on a thread of its own, so that it answers while others are held up. The port is
// closed when this ends.
class Listener {
 public:
  // `address` is "host:port". `table` outlives the listener.
  static base::Result<std::unique_ptr<Listener>> Open(const std::string& address,
                                                      runtime::FailpointTable* table);
  ~Listener();

 private:
  explicit Listener(runtime::FailpointTable* table);

  runtime::asio::LoopThread thread_{"failpoints"};
  runtime::asio::Network network_{&thread_.loop()};
  Service service_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace failpoints
