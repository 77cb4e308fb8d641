#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace base {

// Bytes without an encoding; owned and borrowed. A view never outlives what it borrows from.
using Bytes = std::string;
using ByteView = std::string_view;

static_assert(std::endian::native == std::endian::little,
              "on-disk words are loaded as they are on little-endian machines");

inline uint64_t Load64Le(const void* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void Store64Le(void* to, uint64_t value) {
  std::memcpy(to, &value, sizeof value);
}

inline uint32_t Load32Le(const void* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void Store32Le(void* to, uint32_t value) {
  std::memcpy(to, &value, sizeof value);
}

inline uint64_t Load64Be(const void* from) {
  return __builtin_bswap64(Load64Le(from));
}
inline void Store64Be(void* to, uint64_t value) {
  Store64Le(to, __builtin_bswap64(value));
}
inline uint32_t Load32Be(const void* from) {
  return __builtin_bswap32(Load32Le(from));
}
inline void Store32Be(void* to, uint32_t value) {
  Store32Le(to, __builtin_bswap32(value));
}

}  // namespace base
