#pragma once

#include <etcd/client.h>

#include <functional>
#include <memory>

#include "client/host.h"
#include "runtime/time.h"

namespace etcd {
inline namespace v1 {

// What a client has from its host.
class Hosting {
 public:
  // Client::New with what `new_host` makes, unless the options are no good, and the endpoints that
  // these name. Whatever waits does so as the host has it wait.
  using NewHost = std::function<std::unique_ptr<client::Host>()>;
  static Result<std::unique_ptr<Client>> NewClient(const NewHost& new_host,
                                                   const ClientOptions& options);
  // Lives as long as the client. Any thread.
  static const runtime::Clock& ClockOf(const Client& client);
};

}  // namespace v1
}  // namespace etcd
