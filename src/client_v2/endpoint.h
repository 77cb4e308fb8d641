#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/network.h"

namespace client_v2 {

// Where a member is asked: a URL, whose path goes before those of the API.
//
//   http[s]://host[:port][/path]   unix[s]://path
struct Endpoint {
  std::string url;  // as it was given, with a scheme
  std::string scheme;
  std::string authority;  // as in the URL
  runtime::Address address;
  std::string path;

  bool secure() const { return scheme == "https" || scheme == "unixs"; }
  // Otherwise nothing can be asked of it.
  bool is_known() const { return secure() || scheme == "http" || scheme == "unix"; }
};

// What has no scheme is of http. kInvalidArgument in Go's words.
base::Result<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace client_v2
