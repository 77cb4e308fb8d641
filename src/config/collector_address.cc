#include "config/collector_address.h"

#include <algorithm>
#include <utility>

#include "base/go_text.h"
#include "config/url.h"

namespace config {
namespace {

using Protocol = CollectorAddress::Protocol;

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kDns = "dns:";
constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kDefaultPath = "/v1/traces";
constexpr std::string_view kHttpPort = ":80";
constexpr std::string_view kTlsPort = ":443";

base::Status Invalid(std::string_view text) {
  return {base::Code::kInvalidArgument,
          "--distributed-tracing-address " + base::Quote(text) +
              " must be \"host:port\" or a URL, \"http://host:port\" or \"https://host:port\""};
}

// Takes it off; whether it was there.
bool Strip(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool IsPath(std::string_view path) {
  return std::all_of(path.begin(), path.end(),
                     [](char letter) { return letter > ' ' && letter <= '~' && letter != '#'; });
}

bool HasPort(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return false;
  const size_t bracket = authority.rfind(']');
  return bracket == std::string_view::npos || colon > bracket;
}

base::Status ParseAuthority(std::string authority, std::string_view default_port,
                            CollectorAddress* address) {
  if (!HasPort(authority)) authority += default_port;
  const base::Result<Url> url = ParseUrl(std::string(kHttp) + authority);
  if (!url.ok() || url->host.empty() || url->port == 0) {
    return {base::Code::kInvalidArgument, "no host and port"};
  }
  address->host = url->host;
  address->port = url->port;
  return {};
}

}  // namespace

base::Result<CollectorAddress> ParseCollectorAddress(std::string_view text) {
  CollectorAddress address;
  std::string_view rest = text;
  if (Strip(kUnix, &rest)) {
    Strip("//", &rest);
    if (rest.empty()) return Invalid(text);
    address.unix_path = rest;
    return address;
  }
  std::string_view default_port = kTlsPort;
  if (Strip(kHttp, &rest)) {
    address.protocol = Protocol::kHttp;
    default_port = kHttpPort;
  } else if (Strip(kHttps, &rest)) {
    address.protocol = Protocol::kHttps;
  } else if (Strip(kDns, &rest)) {
    Strip("///", &rest);
  }
  std::string_view authority = rest;
  if (address.protocol != Protocol::kGrpc) {
    authority = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(authority.size());
    if (!IsPath(rest)) return Invalid(text);
    const bool has_path = rest.starts_with('/') && rest != "/";
    address.path =
        (has_path ? "" : std::string(kDefaultPath)) + std::string(rest == "/" ? "" : rest);
  }
  if (!ParseAuthority(std::string(authority), default_port, &address).ok()) return Invalid(text);
  return address;
}

}  // namespace config
