#include "client_v2/endpoint.h"

#include <algorithm>

#include "base/go_text.h"

namespace client_v2 {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;
constexpr uint64_t kPortMax = 65535;

base::Status Refused(std::string_view url, std::string_view why) {
  return {base::Code::kInvalidArgument, "parse " + base::Quote(url) + ": " + std::string(why)};
}

bool IsSchemeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '-' || c == '.';
}

// Empty: there is none.
base::Result<std::string> SchemeOf(std::string_view text) {
  const size_t colon = text.find_first_of(":/?");
  if (colon == std::string_view::npos || text[colon] != ':') return std::string();
  const std::string_view scheme = text.substr(0, colon);
  if (scheme.empty()) return Refused(text, "missing protocol scheme");
  if (!std::all_of(scheme.begin(), scheme.end(), IsSchemeCharacter)) return std::string();
  const bool begins_with_letter = (scheme[0] | 0x20) >= 'a' && (scheme[0] | 0x20) <= 'z';
  if (!begins_with_letter) {
    return Refused(text, "first path segment in URL cannot contain colon");
  }
  return std::string(scheme);
}

base::Status ReadAuthority(std::string_view url, Endpoint* endpoint) {
  const std::string& authority = endpoint->authority;
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  endpoint->address.host = authority.substr(0, colon);
  std::string& host = endpoint->address.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  endpoint->address.port = endpoint->secure() ? kHttpsPort : kHttpPort;
  if (colon == std::string::npos || colon + 1 == authority.size()) return {};
  const auto port = base::ParseGoUint(authority.substr(colon + 1));
  if (!port.ok() || *port > kPortMax) {
    return Refused(url, "invalid port " + base::Quote(authority.substr(colon)) + " after host");
  }
  endpoint->address.port = static_cast<uint16_t>(*port);
  return {};
}

}  // namespace

base::Result<Endpoint> ParseEndpoint(std::string_view text) {
  ASSIGN_OR_RETURN(std::string scheme, SchemeOf(text));
  Endpoint endpoint;
  endpoint.url = std::string(text);
  if (scheme.empty()) {
    scheme = "http";
    endpoint.url = "http://" + endpoint.url;
  }
  endpoint.scheme = scheme;
  const size_t begin = scheme.size() + 3;
  if (endpoint.url.substr(scheme.size(), 3) != "://") return endpoint;
  if (endpoint.scheme.starts_with("unix")) {
    endpoint.address.unix_path = endpoint.url.substr(begin);
    endpoint.authority = "localhost";
    return endpoint;
  }
  const size_t path = std::min(endpoint.url.find('/', begin), endpoint.url.size());
  endpoint.authority = endpoint.url.substr(begin, path - begin);
  endpoint.path = endpoint.url.substr(path);
  RETURN_IF_ERROR(ReadAuthority(endpoint.url, &endpoint));
  return endpoint;
}

}  // namespace client_v2
