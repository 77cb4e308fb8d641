#pragma once

#include "net/http/headers.h"

namespace http {

// Whether a request's Accept-Encoding prefers gzip to the answer as it is.
bool PrefersGzip(const Headers& head);

}  // namespace http
