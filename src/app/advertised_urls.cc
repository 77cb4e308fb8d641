#include "app/advertised_urls.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/go_text.h"

namespace app {
namespace {

using Urls = std::vector<config::Url>;

base::Status Invalid(std::string text) {
  return {base::Code::kInvalidArgument, std::move(text)};
}

std::vector<std::string> SortedTexts(const Urls& urls) {
  std::vector<std::string> texts;
  for (const config::Url& url : urls) texts.push_back(url.ToString());
  std::sort(texts.begin(), texts.end());
  return texts;
}

// Those of `from` that are not in `in`, each behind `prefix`, joined by commas.
std::string Missing(const std::string& prefix, const Urls& from, const Urls& in) {
  std::vector<std::string> missing;
  const std::vector<std::string> known = SortedTexts(in);
  for (const std::string& text : SortedTexts(from)) {
    if (std::find(known.begin(), known.end(), text) == known.end()) {
      missing.push_back(prefix + text);
    }
  }
  return base::Join(missing, ",");
}

// As Go prints them: ["a" "b"].
std::string Quoted(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(base::Quote(text));
  return "[" + base::Join(quoted, " ") + "]";
}

// In one form, whatever the text: "::1" for "0:0:0:0:0:0:0:1", "1.2.3.4" for "::ffff:1.2.3.4".
// Names stay as they are.
std::string NormalHost(const std::string& host) {
  in6_addr address{};
  char text[INET6_ADDRSTRLEN];
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return host;
  const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&address);
  const void* const from = is_mapped ? static_cast<const void*>(&address.s6_addr[12]) : &address;
  return ::inet_ntop(is_mapped ? AF_INET : AF_INET6, from, text, sizeof text);
}

bool IsSamePlace(const config::Url& a, const config::Url& b) {
  return a.scheme == b.scheme && a.port == b.port && a.unix_path == b.unix_path &&
         NormalHost(a.host) == NormalHost(b.host);
}

Urls Sorted(Urls urls) {
  std::sort(urls.begin(), urls.end(),
            [](const config::Url& a, const config::Url& b) { return a.ToString() < b.ToString(); });
  return urls;
}

// The first pair, of two lists of the same length, that is not the same place.
std::optional<std::pair<config::Url, config::Url>> FirstDifference(const Urls& a, const Urls& b) {
  const auto [mine, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end(), IsSamePlace);
  if (mine == a.end()) return std::nullopt;
  return std::pair(*mine, *other);
}

// With addresses for names, sorted; nothing, and `*problem` set, if one cannot be resolved.
// Compat: `localhost` is no name here but a place of its own.
std::optional<Urls> Resolved(const Urls& urls, const Resolve& resolve, std::string* problem) {
  Urls resolved = urls;
  for (config::Url& url : resolved) {
    if (url.is_unix() || url.host == "localhost") continue;
    if (config::IsIpAddress(url.host)) {
      url.host = NormalHost(url.host);
      continue;
    }
    const std::optional<std::string> address = resolve(url.host);
    if (!address.has_value()) {
      *problem = "failed to resolve " + base::Quote(url.ToString()) + " (lookup " + url.host +
                 ": no such host)";
      return std::nullopt;
    }
    url.host = *address;
  }
  return Sorted(std::move(resolved));
}

}  // namespace

std::optional<std::string> ResolveHost(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  // As Go does, one of the older kind first.
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
      char text[INET6_ADDRSTRLEN];
      const void* const address =
          family == AF_INET
              ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(each->ai_addr)->sin_addr)
              : &reinterpret_cast<sockaddr_in6*>(each->ai_addr)->sin6_addr;
      if (each->ai_family == family && ::inet_ntop(family, address, text, sizeof text) != nullptr) {
        return std::string(text);
      }
    }
  }
  return std::nullopt;
}

std::string Difference(const Urls& advertised, const Urls& initial, const Resolve& resolve) {
  if (advertised.size() != initial.size()) {
    return "len(" + Quoted(SortedTexts(advertised)) + ") != len(" + Quoted(SortedTexts(initial)) +
           ")";
  }
  if (!FirstDifference(Sorted(advertised), Sorted(initial)).has_value()) return "";
  std::string problem;
  const std::optional<Urls> ours = Resolved(Sorted(advertised), resolve, &problem);
  if (!ours.has_value()) return problem;
  const std::optional<Urls> theirs = Resolved(Sorted(initial), resolve, &problem);
  if (!theirs.has_value()) return problem;
  const auto difference = FirstDifference(*ours, *theirs);
  if (!difference.has_value()) return "";
  return "resolved urls: " + base::Quote(difference->first.ToString()) +
         " != " + base::Quote(difference->second.ToString());
}

base::Status CheckAdvertisedUrls(const std::string& name, const Urls& initial,
                                 const Urls& advertised, const Resolve& resolve) {
  const std::string difference = Difference(advertised, initial, resolve);
  if (difference.empty()) return {};
  const std::string texts = base::Join(SortedTexts(advertised), ",");
  if (const std::string missing = Missing(name + "=", initial, advertised); !missing.empty()) {
    return Invalid("--initial-cluster has " + missing +
                   " but missing from --initial-advertise-peer-urls=" + texts + " (" + difference +
                   ")");
  }
  // Compat: what etcd calls the initial cluster here are the advertised URLs.
  const std::string cluster = Missing(name + "=", advertised, {});
  if (const std::string missing = Missing("", advertised, initial); !missing.empty()) {
    return Invalid("--initial-advertise-peer-urls has " + missing +
                   " but missing from --initial-cluster=" + cluster);
  }
  return Invalid("failed to resolve " + texts + " to match --initial-cluster=" + cluster + " (" +
                 difference + ")");
}

}  // namespace app
