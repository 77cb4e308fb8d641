#include "app/address_check.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/go_text.h"

namespace app {
namespace {

using Texts = std::vector<std::string>;

std::string TextOf(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* const bytes =
      address->sa_family == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
          : &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  const char* const made =
      ::inet_ntop(address->sa_family, bytes, text.data(), static_cast<socklen_t>(text.size()));
  return made == nullptr ? "" : made;
}

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Found Lookup(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) found = nullptr;
  return {found, &::freeaddrinfo};
}

base::Status NoSuchHost(const std::string& host) {
  return {base::Code::kNotFound, "lookup " + host + ": no such host"};
}

base::Result<Texts> AddressesOf(const std::string& name) {
  const Found found = Lookup(name, 0);
  if (found == nullptr) return NoSuchHost(name);
  Texts addresses;
  for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    addresses.push_back(TextOf(each->ai_addr));
  }
  return addresses;
}

base::Result<Texts> NamesOf(const std::string& address) {
  const Found found = Lookup(address, AI_NUMERICHOST);
  if (found == nullptr) return NoSuchHost(address);
  std::array<char, NI_MAXHOST> name{};
  if (::getnameinfo(found->ai_addr, found->ai_addrlen, name.data(),
                    static_cast<socklen_t>(name.size()), nullptr, 0, NI_NAMEREQD) != 0) {
    return NoSuchHost(address);
  }
  std::string text = name.data();
  if (text.ends_with('.')) text.pop_back();
  return Texts{text};
}

bool Contains(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool IsWildcard(const std::string& name) {
  return name.starts_with("*.");
}

// By the address's own name, or by the addresses of the names; `*problem` is the last one met.
bool IsNamed(const std::string& address, const Texts& names, const NameLookups& lookups,
             std::string* problem) {
  const base::Result<Texts> own = lookups.names_of(address);
  if (!own.ok()) *problem = own.status().message();
  for (const std::string& name : own.ok() ? *own : Texts()) {
    for (const std::string& each : names) {
      if (each == name || (IsWildcard(each) && name.ends_with(each.substr(1)))) return true;
    }
  }
  for (const std::string& name : names) {
    if (IsWildcard(name)) continue;
    const base::Result<Texts> addresses = lookups.addresses_of(name);
    if (addresses.ok() && Contains(*addresses, address)) return true;
    if (!addresses.ok()) *problem = addresses.status().message();
  }
  return false;
}

std::string Quoted(const Texts& texts) {
  Texts quoted;
  for (const std::string& text : texts) quoted.push_back(base::Quote(text));
  return "[" + base::Join(quoted, " ") + "]";
}

}  // namespace

NameLookups SystemNameLookups() {
  return {.addresses_of = AddressesOf, .names_of = NamesOf};
}

base::Status CheckAddress(const http::ConnectionInfo& info, const std::string& address,
                          const NameLookups& lookups) {
  const Texts& addresses = info.certificate_addresses;
  const Texts& names = info.certificate_dns_names;
  if (Contains(addresses, address) || (addresses.empty() && names.empty())) return {};
  if (names.empty()) {
    return {base::Code::kUnauthenticated,
            "x509: certificate is valid for " + base::Join(addresses, ", ") + ", not " + address};
  }
  std::string problem;
  if (IsNamed(address, names, lookups, &problem)) return {};
  return {base::Code::kUnauthenticated, "tls: " + base::Quote(address) +
                                            " does not match any of DNSNames " + Quoted(names) +
                                            (problem.empty() ? "" : " (" + problem + ")")};
}

}  // namespace app
