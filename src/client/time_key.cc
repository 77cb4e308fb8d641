#include "client/time_key.h"

#include "runtime/posix/clock.h"

namespace client {

std::string TimeKey(const std::string& prefix) {
  return prefix + std::to_string(runtime::posix::Clock().WallNow().unix_nanos);
}

}  // namespace client
