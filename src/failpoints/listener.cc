#include "failpoints/listener.h"

#include "runtime/parse_address.h"

namespace failpoints {

Listener::Listener(runtime::FailpointTable* table) : service_(&thread_.loop(), table) {}

Listener::~Listener() {
  thread_.RunAndWait([this] { server_.reset(); });
}

base::Result<std::unique_ptr<Listener>> Listener::Open(const std::string& address,
                                                       runtime::FailpointTable* table) {
  ASSIGN_OR_RETURN(const runtime::Address wanted, runtime::ParseAddress(address));
  std::unique_ptr<Listener> listener(new Listener(table));
  base::Status status;
  listener->thread_.RunAndWait([&] {
    listener->server_ =
        std::make_unique<http::Server>(&listener->thread_.loop(), &listener->network_,
                                       &listener->service_, http::Server::Options());
    status = listener->server_->Listen(wanted, {}).status();
  });
  RETURN_IF_ERROR(status);
  return listener;
}

}  // namespace failpoints
