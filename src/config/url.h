#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The URLs of etcd's flags: where a member listens and where it says it can be reached.
//
//   http[s]://host:port                host is a name, an IPv4 address or an IPv6 address in
//   brackets unix[s]://path  or  unix[s]:///path   a socket in the file system

namespace config {

struct Url {
  std::string scheme;
  // Without brackets; empty for a socket in the file system.
  std::string host;
  uint16_t port = 0;
  // Of the socket; empty for http and https.
  std::string unix_path;

  bool secure() const { return scheme == "https" || scheme == "unixs"; }
  bool is_unix() const { return scheme == "unix" || scheme == "unixs"; }

  // The text it is parsed from, in lower-case scheme; members are told apart by this form.
  std::string ToString() const;

  friend bool operator==(const Url&, const Url&) = default;
};

// Fails with kInvalidArgument and etcd's text.
base::Result<Url> ParseUrl(std::string_view text);

// Whether `host` is an address and not a name; without brackets.
bool IsIpAddress(const std::string& host);

// URLs joined by commas, at least one; sorted by their text, each once.
base::Result<std::vector<Url>> ParseUrls(std::string_view text);

// Members by name, from "name=url,name=url"; a name may come several times, once a URL. The URLs of
// each are sorted by their text; one that is given twice is there twice.
base::Result<std::map<std::string, std::vector<Url>>> ParseInitialCluster(std::string_view text);

std::string JoinUrls(const std::vector<Url>& urls);

// The text of such members as etcd writes it, sorted: "name=url,name=url".
std::string JoinInitialCluster(const std::map<std::string, std::vector<Url>>& members);

}  // namespace config
