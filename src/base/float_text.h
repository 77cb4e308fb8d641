#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

// Floating point numbers as Go writes and reads them.

namespace base {

// As %g prints it: the fewest digits that stand for this number alone, with an exponent below 1e-4
// and from 1e6 on: "0.25", "1e-05".
std::string FormatFloat(double value);

// Decimal, with or without an exponent. Fails with strconv's text: kOutOfRange "value out of
// range", otherwise kInvalidArgument "invalid syntax".
Result<double> ParseFloat(std::string_view text);

}  // namespace base
