#pragma once

#include <optional>

#include "base/bytes.h"
#include "net/http/exchange.h"

namespace http {

// What an HTTP/2 client sends first (RFC 9113 section 3.4).
inline constexpr base::ByteView kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// The protocol of a connection by its first bytes, or nothing while they are too few to tell.
std::optional<Version> DetectVersion(base::ByteView first_bytes);

}  // namespace http
