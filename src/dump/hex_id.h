#pragma once

#include <charconv>
#include <cstdint>
#include <string>

namespace dump {

// As etcd writes ids of members and clusters: "8e9e05c52164694d", "0".
inline std::string HexId(uint64_t id) {
  char digits[16];
  return {digits, std::to_chars(digits, digits + sizeof digits, id, 16).ptr};
}

}  // namespace dump
