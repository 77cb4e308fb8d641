#include "net/rpc/client_status.h"

#include <charconv>
#include <string>

#include "net/rpc/encoding.h"

namespace rpc {

using base::Code;
using base::Status;

Status StatusOfHttp(int http_status) {
  Code code = Code::kUnknown;
  switch (http_status) {
    case 400:
      code = Code::kInternal;
      break;
    case 401:
      code = Code::kUnauthenticated;
      break;
    case 403:
      code = Code::kPermissionDenied;
      break;
    case 404:
      code = Code::kUnimplemented;
      break;
    case 429:
    case 502:
    case 503:
    case 504:
      code = Code::kUnavailable;
      break;
    default:
      break;
  }
  return Status(code,
                "unexpected HTTP status code received from server: " + std::to_string(http_status));
}

Status StatusOfTrailers(const http::Headers& trailers) {
  const base::ByteView text = trailers.Get("grpc-status");
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > 16) {
    return Status(Code::kUnknown, "malformed grpc-status: \"" + std::string(text) + "\"");
  }
  if (value == 0) return {};
  return Status(static_cast<Code>(value), PercentDecode(trailers.Get("grpc-message")));
}

Status StatusOfClosing(const http::Closing& closing) {
  switch (closing.kind) {
    case http::Closing::Kind::kConnectionLost: {
      base::Bytes message = "error reading from server: ";
      message.append(closing.status.message());
      return Status(Code::kUnavailable, message);
    }
    case http::Closing::Kind::kComplete:
      return Status(Code::kInternal, "server closed the stream without sending trailers");
    case http::Closing::Kind::kReset:
      break;
  }
  Code code = Code::kInternal;
  switch (closing.code) {
    case http::ErrorCode::kRefusedStream:
      code = Code::kUnavailable;
      break;
    case http::ErrorCode::kCancel:
      code = Code::kCanceled;
      break;
    case http::ErrorCode::kEnhanceYourCalm:
      code = Code::kResourceExhausted;
      break;
    case http::ErrorCode::kInadequateSecurity:
      code = Code::kPermissionDenied;
      break;
    default:
      break;
  }
  return Status(code, "stream terminated by RST_STREAM with error code: " +
                          std::to_string(static_cast<uint32_t>(closing.code)));
}

}  // namespace rpc
