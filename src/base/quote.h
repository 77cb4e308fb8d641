#pragma once

#include <string>
#include <string_view>

namespace base {

// Appends what Quote (base/go_text.h) makes of `text`.
void AppendQuote(std::string_view text, std::string* out);

}  // namespace base
