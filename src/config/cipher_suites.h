#pragma once

#include <optional>
#include <string_view>

namespace config {

// The IANA name of a cipher suite of --cipher-suites: one of those that Go's TLS names, also the
// insecure ones, or a name that a suite had once. Nothing for any other.
std::optional<std::string_view> CipherSuiteName(std::string_view name);

}  // namespace config
