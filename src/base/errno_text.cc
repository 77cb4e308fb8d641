#include "base/errno_text.h"

#include <system_error>

namespace base {

std::string ErrnoText(int error_number) {
  std::string text = std::generic_category().message(error_number);
  if (text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace base
