#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace auth {

// bcrypt, as Go has it ("$2a$"): what is kept of passwords. Takes tens of milliseconds.

inline constexpr int kBcryptCostMin = 4;
inline constexpr int kBcryptCostMax = 31;
inline constexpr int kBcryptCostDefault = 10;

// What of a salt counts.
inline constexpr size_t kBcryptSaltBytes = 16;
inline constexpr size_t kBcryptPasswordBytesMax = 72;

// kUnknown with Go's text for a password of more than kBcryptPasswordBytesMax bytes;
// kInvalidArgument for one with a zero byte, which the library takes for the end.
base::Result<std::string> HashPassword(std::string_view password, int cost, std::string_view salt);

// Whether `hash` was made of the password. Of a longer password the first bytes count.
bool IsPasswordOf(std::string_view hash, std::string_view password);

}  // namespace auth
