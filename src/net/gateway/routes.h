#pragma once

#include <map>
#include <string>

#include "base/bytes.h"

namespace google::protobuf {
class MethodDescriptor;
}

namespace gateway {

// What a path of the JSON interface stands for: a method of a gRPC service.
struct Route {
  const google::protobuf::MethodDescriptor* method;
  std::string grpc_path;  // "/etcdserverpb.KV/Range"
};

// The paths, as the .proto files name them with the option `post`.
class Routes {
 public:
  Routes();

  // Null for a path that is no method's.
  const Route* Find(base::ByteView path) const;
  const std::map<std::string, Route, std::less<>>& all() const { return routes_; }

 private:
  std::map<std::string, Route, std::less<>> routes_;
};

}  // namespace gateway
