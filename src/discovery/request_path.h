#pragma once

#include <optional>
#include <string>
#include <string_view>

// The paths of the service, and which of them are for whom:
//
//   /new                     makes a token
//   /TOKEN  /TOKEN/          GET: what is registered
//   /TOKEN/_config/size      GET: how many members there are to be
//   /TOKEN/MEMBER            GET, PUT, DELETE: one of them
//   /status/TOKEN            GET: the same for people

namespace discovery {

// A request for a token's keys, which is taken to the etcd behind the service.
struct RequestPath {
  std::string token;
  std::string below;         // "", "/_config/size" or "/MEMBER"
  std::string member;        // of "/MEMBER"
  std::string_view methods;  // that may be asked, as an Allow field has them

  bool Allows(std::string_view method) const;
};

// Nothing for a path that is none: among these are all with an escape, so that what is asked of
// etcd never means anything else there.
std::optional<RequestPath> ParseRequestPath(std::string_view path);

}  // namespace discovery
