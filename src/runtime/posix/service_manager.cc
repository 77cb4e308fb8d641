// The protocol of sd_notify(3): a datagram of lines NAME=VALUE to a socket in the file system, or,
// if its name begins with @, to one in the abstract namespace.

#include "runtime/posix/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/errno_text.h"

namespace runtime::posix {
namespace {

constexpr std::string_view kReady = "READY=1";

}  // namespace

base::Status NotifyReady() {
  const char* const named = std::getenv("NOTIFY_SOCKET");
  if (named == nullptr || *named == 0) return {};
  const std::string_view path = named;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return base::ErrnoStatus(ENAMETOOLONG, path);
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = 0;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());

  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return base::ErrnoStatus(errno, path);
  const ssize_t sent = ::sendto(socket, kReady.data(), kReady.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), length);
  const int error = sent < 0 ? errno : 0;
  ::close(socket);
  return error == 0 ? base::Status() : base::ErrnoStatus(error, path);
}

}  // namespace runtime::posix
