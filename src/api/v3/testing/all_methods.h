#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <vector>

namespace v3::testing {

// Every method of every service that is served, as the .proto files have them.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods();

// A request of that method about the key "secret" and the lease kSecretLease, so far as it can be.
std::unique_ptr<google::protobuf::Message> RequestAboutSecret(
    const google::protobuf::MethodDescriptor& method);

inline constexpr int64_t kSecretLease = 7;

}  // namespace v3::testing
