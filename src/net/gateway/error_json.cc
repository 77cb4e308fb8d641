#include "net/gateway/error_json.h"

#include "base/json_string.h"

namespace gateway {

std::string ErrorJson(const base::Status& status) {
  std::string json =
      R"({"code":)" + std::to_string(static_cast<int>(status.code())) + R"(,"message":)";
  base::AppendProtoJsonString(status.message(), &json);
  return json + "}";
}

int HttpStatusOf(base::Code code) {
  switch (code) {
    case base::Code::kOk:
      return 200;
    case base::Code::kCanceled:
      return 499;
    case base::Code::kInvalidArgument:
    case base::Code::kFailedPrecondition:
    case base::Code::kOutOfRange:
      return 400;
    case base::Code::kUnauthenticated:
      return 401;
    case base::Code::kPermissionDenied:
      return 403;
    case base::Code::kNotFound:
      return 404;
    case base::Code::kAlreadyExists:
    case base::Code::kAborted:
      return 409;
    case base::Code::kResourceExhausted:
      return 429;
    case base::Code::kUnimplemented:
      return 501;
    case base::Code::kUnavailable:
      return 503;
    case base::Code::kDeadlineExceeded:
      return 504;
    case base::Code::kUnknown:
    case base::Code::kInternal:
    case base::Code::kDataLoss:
      return 500;
  }
  return 500;
}

}  // namespace gateway
