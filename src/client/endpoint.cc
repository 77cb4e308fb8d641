#include "client/endpoint.h"

#include <algorithm>
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
// The same for a scheme, which may be written in capitals.
bool StripScheme(std::string_view scheme, std::string_view* text) {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
  };
  const std::string_view head = text->substr(0, scheme.size());
  if (!std::equal(head.begin(), head.end(), scheme.begin(), scheme.end(), same)) return false;
  text->remove_prefix(scheme.size());
  return true;
}

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// What names and addresses are made of; bytes beyond ASCII are left to whoever looks the name up.
bool IsHost(std::string_view host, bool in_brackets) {
  const std::string_view others = in_brackets ? ":.%-_" : ".-_";
  return std::all_of(host.begin(), host.end(), [&](char c) {
    return IsAlphanumeric(c) || others.find(c) != std::string_view::npos ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

base::Result<Endpoint> ParseSocket(std::string_view text, std::string_view rest,
                                   Endpoint::Security security) {
  // unix:///a is the absolute path /a, unix://a and unix:a the relative path a.
  Strip("//", &rest);
  if (rest.empty()) return Malformed(text, "the path is missing");
  Endpoint endpoint;
  endpoint.address.unix_path = rest;
  endpoint.security = security;
  return endpoint;
}

// "host:port" or "[address]:port".
base::Result<runtime::Address> ParseHostPort(std::string_view text, std::string_view host_port) {
  runtime::Address address;
  std::string_view port;
  if (host_port.find(',') != std::string_view::npos) {
    return Malformed(text, "one endpoint is expected, and no list");
  }
  const bool in_brackets = host_port.starts_with('[');
  if (in_brackets) {
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
  if (!IsHost(address.host, in_brackets)) {
    return Malformed(text, "the host has a character that no host has");
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || address.port == 0) {
    return Malformed(text, "the port is no number from 1 to 65535");
  }
  return address;
}

}  // namespace

base::Result<Endpoint> ParseEndpoint(std::string_view text) {
  std::string_view rest = text;
  if (StripScheme("unix:", &rest))
    return ParseSocket(text, rest, Endpoint::Security::kAsConfigured);
  if (StripScheme("unixs:", &rest)) return ParseSocket(text, rest, Endpoint::Security::kTls);

  Endpoint endpoint;
  if (StripScheme("http://", &rest)) {
    endpoint.security = Endpoint::Security::kPlain;
  } else if (StripScheme("https://", &rest)) {
    endpoint.security = Endpoint::Security::kTls;
  } else if (rest.find("://") != std::string_view::npos) {
    return Malformed(text, "the scheme is none of http, https, unix and unixs");
  }
  // What follows the port of a URL, and a user before the host, say nothing about where to connect.
  if (endpoint.security != Endpoint::Security::kAsConfigured) {
    rest = rest.substr(0, rest.find_first_of("/?#"));
    if (const size_t user = rest.rfind('@'); user != std::string_view::npos) {
      rest.remove_prefix(user + 1);
    }
  } else if (rest.find('/') != std::string_view::npos) {
    return Malformed(text, "a path has no meaning here");
  }
  ASSIGN_OR_RETURN(endpoint.address, ParseHostPort(text, rest));
  return endpoint;
}

}  // namespace client
