#include "net/gateway/request_metadata.h"

#include <algorithm>
#include <string>

#include "base/base64.h"
#include "net/rpc/timeout.h"

namespace gateway {
namespace {

constexpr base::ByteView kMetadataPrefix = "grpc-metadata-";
constexpr size_t kTimeoutDigitsMax = 18;

// As Go writes the name of a field.
std::string CanonicalName(base::ByteView name) {
  std::string canonical(name);
  bool begins = true;
  for (char& letter : canonical) {
    if (begins && letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    begins = letter == '-';
  }
  return canonical;
}

// As gRPC has it: a gateway takes more digits.
base::Result<std::string> Timeout(base::ByteView value) {
  const base::Result<runtime::Duration> timeout = rpc::ParseTimeout(value, kTimeoutDigitsMax);
  if (timeout.ok()) return rpc::FormatTimeout(*timeout);
  return base::Status(base::Code::kInvalidArgument, "invalid grpc-timeout: " + std::string(value));
}

base::Status CheckBinary(const http::Headers::Field& field) {
  if (base::Base64Decode(field.value).has_value()) return {};
  constexpr base::ByteView kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t wrong = std::min(field.value.find_first_not_of(kDigits), field.value.size());
  return {base::Code::kInvalidArgument, "invalid binary header " + CanonicalName(field.name) +
                                            ": illegal base64 data at input byte " +
                                            std::to_string(wrong)};
}

}  // namespace

base::Result<http::Headers> GrpcHead(const Route& route, const http::Headers& head) {
  http::Headers grpc = {{":method", "POST"},
                        {":path", route.grpc_path},
                        {"content-type", "application/grpc"},
                        {"te", "trailers"}};
  // Services tell by it that the connection's certificate is not the caller's.
  grpc.Add("grpcgateway-accept", head.Get("accept"));
  for (const http::Headers::Field field : head) {
    if (field.name == "grpc-timeout") {
      ASSIGN_OR_RETURN(const std::string timeout, Timeout(field.value));
      grpc.Add(field.name, timeout);
    } else if (field.name == "authorization" || field.name == "traceparent" ||
               field.name == "tracestate") {
      grpc.Add(field.name, field.value);
    } else if (field.name.starts_with(kMetadataPrefix)) {
      if (field.name.ends_with("-bin")) RETURN_IF_ERROR(CheckBinary(field));
      grpc.Add(field.name.substr(kMetadataPrefix.size()), field.value);
    }
  }
  return grpc;
}

}  // namespace gateway
