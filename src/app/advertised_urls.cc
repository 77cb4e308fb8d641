#include "app/advertised_urls.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <memory>

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

// With addresses for names; nothing, and `*problem` set, if one cannot be resolved.
std::optional<std::vector<std::string>> Resolved(const Urls& urls, const Resolve& resolve,
                                                 std::string* problem) {
  Urls resolved = urls;
  for (config::Url& url : resolved) {
    if (url.is_unix() || config::IsIpAddress(url.host)) continue;
    const std::optional<std::string> address = resolve(url.host);
    if (!address.has_value()) {
      *problem = "lookup " + url.host + ": no such host";
      return std::nullopt;
    }
    url.host = *address;
  }
  return SortedTexts(resolved);
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
  if (SortedTexts(advertised) == SortedTexts(initial)) return "";
  if (advertised.size() != initial.size()) {
    return "len(" + Quoted(SortedTexts(advertised)) + ") != len(" + Quoted(SortedTexts(initial)) +
           ")";
  }
  std::string problem;
  const auto ours = Resolved(advertised, resolve, &problem);
  const auto theirs = Resolved(initial, resolve, &problem);
  if (!ours.has_value() || !theirs.has_value()) return problem;
  const auto [mine, other] =
      std::mismatch(ours->begin(), ours->end(), theirs->begin(), theirs->end());
  if (mine == ours->end() && other == theirs->end()) return "";
  return "resolved urls: " + base::Quote(*mine) + " != " + base::Quote(*other);
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
  return Invalid("--initial-advertise-peer-urls has " + Missing("", advertised, initial) +
                 " but missing from --initial-cluster=" + Missing(name + "=", advertised, {}));
}

}  // namespace app
