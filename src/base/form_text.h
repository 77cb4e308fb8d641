#pragma once

#include <string>
#include <string_view>

namespace base {

// A name or value of an HTML form or of a URL's query, as Go's url.QueryEscape writes it.
std::string FormEscape(std::string_view text);

}  // namespace base
