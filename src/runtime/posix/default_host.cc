#include "runtime/posix/default_host.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace runtime::posix {
namespace {

// Addresses for documentation (RFC 5737, RFC 3849): no route but the default one leads there.
constexpr char kSomewhereV4[] = "192.0.2.1";
constexpr char kSomewhereV6[] = "2001:db8::1";
constexpr uint16_t kPort = 9;

sockaddr_in AddressOf(const char* text, sockaddr_in address) {
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

sockaddr_in6 AddressOf(const char* text, sockaddr_in6 address) {
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(kPort);
  inet_pton(AF_INET6, text, &address.sin6_addr);
  return address;
}

const void* HostOf(const sockaddr_in& address) {
  return &address.sin_addr;
}
const void* HostOf(const sockaddr_in6& address) {
  return &address.sin6_addr;
}

// A datagram socket that is connected has the source address of its route.
template <typename Address>
std::string SourceTowards(const Address& destination, int family) {
  const int socket = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {};
  Address source = {};
  socklen_t size = sizeof(source);
  const bool known = ::connect(socket, reinterpret_cast<const sockaddr*>(&destination),
                               sizeof(destination)) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&source), &size) == 0;
  ::close(socket);
  char text[INET6_ADDRSTRLEN] = "";
  if (!known || ::inet_ntop(family, HostOf(source), text, sizeof(text)) == nullptr) return {};
  return text;
}

}  // namespace

std::string DefaultHost() {
  const std::string host = SourceTowards(AddressOf(kSomewhereV4, sockaddr_in{}), AF_INET);
  return host.empty() ? SourceTowards(AddressOf(kSomewhereV6, sockaddr_in6{}), AF_INET6) : host;
}

}  // namespace runtime::posix
