#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace identity {

inline constexpr size_t kDigestBytes = 32;

// SHA-256.
base::Bytes Sha256(std::string_view text);
// HMAC-SHA-256 of the parts, each with its length, so that no other parts have the same.
base::Bytes KeyedDigest(base::ByteView key, std::initializer_list<std::string_view> parts);

// What may be told of a token in a log: the first twelve hexadecimal digits of its SHA-256.
std::string TokenFingerprint(std::string_view token);

}  // namespace identity
