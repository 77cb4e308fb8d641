#include "client/time_key.h"

#include "client/hosting.h"

namespace client {

std::string TimeKey(const etcd::Client& client, const std::string& prefix) {
  return prefix + std::to_string(etcd::Hosting::ClockOf(client).WallNow().unix_nanos);
}

}  // namespace client
