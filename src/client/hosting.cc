#include "client/hosting.h"

#include <utility>

#include "client/client_impl.h"
#include "client/settings.h"
#include "runtime/posix/disk.h"

namespace etcd {
inline namespace v1 {

Result<std::unique_ptr<Client>> Hosting::NewClient(const NewHost& new_host,
                                                   const ClientOptions& options) {
  runtime::posix::Disk disk;
  base::Result<client::Settings> settings = client::CheckOptions(options, disk);
  if (!settings.ok()) return client::ToPublic(settings.status());
  auto impl = std::make_unique<Client::Impl>(new_host(), std::move(settings).value());
  if (!options.user.empty()) {
    if (Status status = impl->LogIn(options.dial_timeout); !status.ok()) return status;
  }
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

const runtime::Clock& Hosting::ClockOf(const Client& client) {
  return client.impl_->clock();
}

}  // namespace v1
}  // namespace etcd
