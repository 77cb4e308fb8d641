#include "runtime/posix/default_host.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>

#include <cstdio>
#include <fstream>
#include <set>

namespace runtime::posix {
namespace {

std::set<std::string> InterfaceAddresses() {
  std::set<std::string> addresses;
  ifaddrs* list = nullptr;
  EXPECT_EQ(getifaddrs(&list), 0);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    char text[INET6_ADDRSTRLEN];
    if (each->ifa_addr == nullptr) continue;
    if (each->ifa_addr->sa_family == AF_INET) {
      const auto* const v4 = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
      addresses.insert(inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)));
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(each->ifa_addr);
      addresses.insert(inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)));
    }
  }
  freeifaddrs(list);
  return addresses;
}

bool HasDefaultRoute() {
  std::ifstream routes("/proc/net/route");
  std::string line;
  while (std::getline(routes, line)) {
    unsigned destination = 1;
    unsigned mask = 1;
    const int found =
        std::sscanf(line.c_str(), "%*s %x %*x %*x %*d %*d %*d %x", &destination, &mask);
    if (found == 2 && destination == 0 && mask == 0) return true;
  }
  return false;
}

TEST(DefaultHostTest, IsAnAddressOfThisHostIfThereIsADefaultRoute) {
  const std::string host = DefaultHost();
  if (HasDefaultRoute()) {
    EXPECT_TRUE(InterfaceAddresses().contains(host)) << host;
  } else {
    EXPECT_TRUE(host.empty() || InterfaceAddresses().contains(host)) << host;
  }
}

}  // namespace
}  // namespace runtime::posix
