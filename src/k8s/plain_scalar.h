#pragma once

#include <string_view>

#include "k8s/value.h"

namespace k8s {

// What a scalar without quotes stands for in YAML 1.1, as Go's yaml reads it: null, a truth value,
// a number, or the text itself. Infinity and not-a-number are texts.
Value PlainScalar(std::string_view text);

// Whether the text is a text when it stands without quotes, for old readers too.
bool IsTextWhenPlain(std::string_view text);

}  // namespace k8s
