#pragma once

#include <string_view>

namespace client {

// Whether clientv3 has an error of its own for this text: its tools print it as it is, and any
// other behind its code. It looks at nothing but the text.
bool IsKnownError(std::string_view text);

}  // namespace client
