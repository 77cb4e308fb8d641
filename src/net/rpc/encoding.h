#pragma once

#include <string>

#include "base/bytes.h"

namespace rpc {

// The "grpc-message" form of a status text: bytes outside the printable ASCII range, and '%',
// become %XX with upper-case digits.
std::string PercentEncode(base::ByteView text);
// The inverse; a '%' that no two digits follow stays as it is, since a damaged text is better than
// none.
std::string PercentDecode(base::ByteView text);

}  // namespace rpc
