#include "client/endpoint.h"

#include <charconv>
#include <utility>

namespace client {
namespace {

base::Status Malformed(std::string_view text, std::string_view why) {
  return base::Status(base::Code::kInvalidArgument,
                      "endpoint \"" + std::string(text) + "\": " + std::string(why));
}

// Takes `prefix` off the front of `*text`, if it is there.
bool Strip(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

base::Result<Endpoint> ParseSocket(std::string_view text, std::string_view rest,
                                   Endpoint::Security security) {
  // unix:///a is the absolute path /a, unix://a and unix:a the relative path a.
  Strip("//", &rest);
  if (rest.empty()) return Malformed(text, "the path is missing");
  Endpoint endpoint;
  endpoint.address.unix_path = rest;
  endpoint.security = security;
  endpoint.server_name = rest.substr(rest.rfind('/') + 1);
  return endpoint;
}

// "host:port" or "[address]:port".
base::Result<runtime::Address> ParseHostPort(std::string_view text, std::string_view host_port) {
  runtime::Address address;
  std::string_view port;
  if (host_port.starts_with('[')) {
    const size_t end = host_port.find("]:");
    if (end == std::string_view::npos) return Malformed(text, "no port after the address");
    address.host = host_port.substr(1, end - 1);
    port = host_port.substr(end + 2);
  } else {
    const size_t colon = host_port.find(':');
    if (colon == std::string_view::npos) return Malformed(text, "the port is missing");
    if (host_port.find(':', colon + 1) != std::string_view::npos) {
      return Malformed(text, "an IPv6 address needs brackets");
    }
    address.host = host_port.substr(0, colon);
    port = host_port.substr(colon + 1);
  }
  if (address.host.empty()) return Malformed(text, "the host is missing");
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || address.port == 0) {
    return Malformed(text, "the port is no number from 1 to 65535");
  }
  return address;
}

}  // namespace

base::Result<Endpoint> ParseEndpoint(std::string_view text) {
  std::string_view rest = text;
  if (Strip("unix:", &rest)) return ParseSocket(text, rest, Endpoint::Security::kAsConfigured);
  if (Strip("unixs:", &rest)) return ParseSocket(text, rest, Endpoint::Security::kTls);

  Endpoint endpoint;
  if (Strip("http://", &rest)) {
    endpoint.security = Endpoint::Security::kPlain;
  } else if (Strip("https://", &rest)) {
    endpoint.security = Endpoint::Security::kTls;
  } else if (rest.find("://") != std::string_view::npos) {
    return Malformed(text, "the scheme is none of http, https, unix and unixs");
  }
  // What follows the port of a URL says nothing about where to connect.
  rest = rest.substr(0, rest.find('/'));
  ASSIGN_OR_RETURN(endpoint.address, ParseHostPort(text, rest));
  endpoint.server_name = endpoint.address.host;
  return endpoint;
}

}  // namespace client
