#include "net/gateway/request_metadata.h"

#include <algorithm>
#include <string>

#include "net/rpc/encoding.h"
#include "net/rpc/timeout.h"

namespace gateway {
namespace {

constexpr base::ByteView kMetadataPrefix = "grpc-metadata-";

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

base::Status CheckTimeout(base::ByteView value) {
  if (rpc::ParseTimeout(value).ok()) return {};
  return {base::Code::kInvalidArgument, "invalid grpc-timeout: " + std::string(value)};
}

base::Status CheckBinary(const http::Headers::Field& field) {
  if (rpc::Base64Decode(field.value).has_value()) return {};
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
    if (field.name == "grpc-timeout") RETURN_IF_ERROR(CheckTimeout(field.value));
    if (field.name == "authorization" || field.name == "grpc-timeout") {
      grpc.Add(field.name, field.value);
    } else if (field.name.starts_with(kMetadataPrefix)) {
      if (field.name.ends_with("-bin")) RETURN_IF_ERROR(CheckBinary(field));
      grpc.Add(field.name.substr(kMetadataPrefix.size()), field.value);
    }
  }
  return grpc;
}

}  // namespace gateway
