#include "config/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/go_text.h"

namespace config {
namespace {

base::Status Invalid(std::string text) {
  return base::Status(base::Code::kInvalidArgument, std::move(text));
}

base::Status ParseError(std::string_view text, std::string_view why) {
  return Invalid("parse " + base::Quote(text) + ": " + std::string(why));
}

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

struct Parts {
  std::string scheme;
  std::string_view authority;
  // Path, query and fragment.
  std::string_view rest;
};

// The length of the scheme before a colon; 0 if there is none (RFC 3986, 3.1).
size_t SchemeLength(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (IsLetter(c)) continue;
    const bool later = IsDigit(c) || c == '+' || c == '-' || c == '.';
    if (later && i > 0) continue;
    return c == ':' ? i : 0;
  }
  return 0;
}

base::Result<Parts> SplitParts(std::string_view text) {
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (control) return ParseError(text, "net/url: invalid control character in URL");
  if (!text.empty() && text[0] == ':') return ParseError(text, "missing protocol scheme");
  Parts parts;
  const size_t scheme_length = SchemeLength(text);
  parts.scheme = text.substr(0, scheme_length);
  for (char& c : parts.scheme) {
    if (IsLetter(c)) c = static_cast<char>(c | 0x20);
  }
  parts.rest = text.substr(scheme_length == 0 ? 0 : scheme_length + 1);
  if (parts.scheme.empty() &&
      parts.rest.substr(0, parts.rest.find('/')).find(':') != std::string_view::npos) {
    return ParseError(text, "first path segment in URL cannot contain colon");
  }
  if (parts.rest.substr(0, 2) == "//") {
    parts.rest.remove_prefix(2);
    parts.authority = parts.rest.substr(0, parts.rest.find_first_of("/?#"));
    parts.rest.remove_prefix(parts.authority.size());
  }
  return parts;
}

// Where the host ends: after the bracket of an IPv6 address, or before the last colon.
base::Result<size_t> HostEnd(std::string_view authority, std::string_view text) {
  if (authority.substr(0, 1) == "[") {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return ParseError(text, "missing ']' in host");
    return bracket + 1;
  }
  return std::min(authority.rfind(':'), authority.size());
}

// The port of ":port"; 0 for ":".
base::Result<uint16_t> ParsePort(std::string_view colon_port, std::string_view text) {
  const base::Status invalid =
      ParseError(text, "invalid port " + base::Quote(colon_port) + " after host");
  if (colon_port.substr(0, 1) != ":") return invalid;
  const std::string_view digits = colon_port.substr(1);
  uint16_t port = 0;
  if (digits.empty()) return port;
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return invalid;
  return port;
}

base::Status ParseHostPort(std::string_view authority, std::string_view text, Url& url) {
  ASSIGN_OR_RETURN(const size_t host_end, HostEnd(authority, text));
  const std::string_view host = authority.substr(0, host_end);
  const std::string_view colon_port = authority.substr(host_end);
  const bool bracketed = host.substr(0, 1) == "[";
  const size_t bad = host.find_first_of(bracketed ? " <>\"{}|\\^`@%" : " <>\"{}|\\^`@%[]");
  if (bad != std::string_view::npos) {
    return ParseError(text,
                      "invalid character " + base::Quote(host.substr(bad, 1)) + " in host name");
  }
  if (!colon_port.empty()) {
    ASSIGN_OR_RETURN(url.port, ParsePort(colon_port, text));
  }
  const bool bare_colon = !bracketed && host.find(':') != std::string_view::npos;
  if (colon_port.empty() || bare_colon) {
    return Invalid("URL address does not have the form \"host:port\": " + std::string(text));
  }
  url.host = bracketed ? host.substr(1, host.size() - 2) : host;
  if (bracketed && !IsIpAddress(url.host)) {
    return ParseError(text,
                      "invalid host: ParseAddr(" + base::Quote(url.host) + "): unable to parse IP");
  }
  return base::Status();
}

base::Result<std::vector<Url>> ParseSorted(std::string_view text) {
  std::vector<Url> urls;
  for (const std::string& part : base::Split(text, ',')) {
    ASSIGN_OR_RETURN(Url url, ParseUrl(part));
    urls.push_back(std::move(url));
  }
  std::sort(urls.begin(), urls.end(),
            [](const Url& a, const Url& b) { return a.ToString() < b.ToString(); });
  return urls;
}

}  // namespace

std::string Url::ToString() const {
  if (is_unix()) return scheme + "://" + unix_path;
  const bool bracketed = host.find(':') != std::string::npos;
  return scheme + "://" + (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool IsIpAddress(const std::string& host) {
  std::array<unsigned char, 16> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

base::Result<Url> ParseUrl(std::string_view text) {
  text = base::TrimSpace(text);
  ASSIGN_OR_RETURN(const Parts parts, SplitParts(text));
  Url url;
  url.scheme = parts.scheme;
  if (url.is_unix()) {
    if (parts.authority.find('@') != std::string_view::npos ||
        parts.rest.find_first_of("?#") != std::string_view::npos) {
      return Invalid("URL of a socket must be a path alone: " + std::string(text));
    }
    url.unix_path = std::string(parts.authority) + std::string(parts.rest);
    return url;
  }
  if (url.scheme != "http" && url.scheme != "https") {
    return Invalid("URL scheme must be http, https, unix, or unixs: " + std::string(text));
  }
  RETURN_IF_ERROR(ParseHostPort(parts.authority, text, url));
  if (!parts.rest.empty()) return Invalid("URL must not contain a path: " + std::string(text));
  return url;
}

base::Result<std::vector<Url>> ParseUrls(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Url> urls, ParseSorted(text));
  urls.erase(std::unique(urls.begin(), urls.end()), urls.end());
  return urls;
}

base::Result<std::map<std::string, std::vector<Url>>> ParseInitialCluster(std::string_view text) {
  std::map<std::string, std::string> texts;
  for (const std::string& part : base::Split(text, ',')) {
    if (part.empty()) continue;
    const size_t equals = std::min(part.find('='), part.size());
    const std::string name = part.substr(0, equals);
    const std::string url = part.substr(std::min(equals + 1, part.size()));
    const auto [entry, added] = texts.emplace(name, url);
    if (!added) entry->second += "," + url;
  }
  std::map<std::string, std::vector<Url>> members;
  for (const auto& [name, urls] : texts) {
    ASSIGN_OR_RETURN(members[name], ParseSorted(urls));
  }
  return members;
}

std::string JoinUrls(const std::vector<Url>& urls) {
  std::vector<std::string> texts;
  for (const Url& url : urls) texts.push_back(url.ToString());
  return base::Join(texts, ",");
}

std::string JoinInitialCluster(const std::map<std::string, std::vector<Url>>& members) {
  std::vector<std::string> pairs;
  for (const auto& [name, urls] : members) {
    for (const Url& url : urls) pairs.push_back(name + "=" + url.ToString());
  }
  std::sort(pairs.begin(), pairs.end());
  return base::Join(pairs, ",");
}

}  // namespace config
