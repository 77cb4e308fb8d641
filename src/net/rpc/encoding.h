#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace rpc {

// The "grpc-message" form of a status text: bytes outside the printable ASCII range, and '%',
// become %XX with upper-case digits.
std::string PercentEncode(base::ByteView text);
// The inverse; a '%' that no two digits follow stays as it is, since a damaged text is better than
// none.
std::string PercentDecode(base::ByteView text);

// Base64 (RFC 4648 section 4), as "-bin" metadata carries bytes. Written without padding, read
// with or without; nothing if `text` is not base64.
std::string Base64Encode(base::ByteView bytes);
std::optional<base::Bytes> Base64Decode(base::ByteView text);

}  // namespace rpc
