#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

// Escapes of URLs, as Go writes and reads them.

namespace base {

// A name or value of an HTML form or of a URL's query: url.QueryEscape.
std::string FormEscape(std::string_view text);
// A path, whose slashes stay.
std::string PathEscape(std::string_view path);

// The other way round. kInvalidArgument, in Go's words, for what is no escape.
Result<std::string> FormUnescape(std::string_view text);
Result<std::string> PathUnescape(std::string_view text);

}  // namespace base
