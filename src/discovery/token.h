#pragma once

#include <string>
#include <string_view>

namespace discovery {

// A cluster's token: 128 bits that nobody can guess, as 32 hexadecimal digits.
std::string NewToken();

// Whether it can be one.
bool IsToken(std::string_view text);

}  // namespace discovery
