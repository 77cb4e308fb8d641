#include "app/local_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <vector>

namespace app {
namespace {

constexpr uint32_t kLoopbackNetwork = 127;

bool IsSpecial(const in_addr& address) {
  const uint32_t bits = ntohl(address.s_addr);
  return bits == INADDR_ANY || bits >> 24 == kLoopbackNetwork;
}

bool IsSpecial(const in6_addr& address) {
  if (!IN6_IS_ADDR_V4MAPPED(&address)) {
    return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address);
  }
  // Compat: the address 0.0.0.0 in this form counts as specified.
  constexpr size_t kMappedOffset = 12;
  return address.s6_addr[kMappedOffset] == kLoopbackNetwork;
}

// Whether it is an address to which other members can answer.
bool IsSuitable(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return !IsSpecial(v4);
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && !IsSpecial(v6);
}

}  // namespace

std::string LocalAddressForPeers(const config::ServerConfig& config,
                                 const observe::Logger& logger) {
  if (!config.features.Enabled(config::Feature::kSetMemberLocalAddr)) return {};
  const std::vector<config::Url>& urls = config.cluster.initial_advertise_peer_urls;
  std::vector<std::string> texts;
  for (const config::Url& url : urls) texts.push_back(url.ToString());
  logger.Info("searching for a suitable member local address in AdvertisePeerURLs",
              {{"advertise-peer-urls", texts}});
  for (const config::Url& url : urls) {
    if (!IsSuitable(url.host)) continue;
    logger.Info("setting member local address", {{"LocalAddr", url.host}});
    return url.host;
  }
  logger.Warn("unable to set a member local address due to lack of suitable local addresses",
              {{"advertise-peer-urls", texts}});
  return {};
}

}  // namespace app
