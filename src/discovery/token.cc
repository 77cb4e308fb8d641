#include "discovery/token.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace discovery {
namespace {

constexpr size_t kBytes = 16;
constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string NewToken() {
  std::array<unsigned char, kBytes> bytes;
  CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  std::string token;
  for (const unsigned char byte : bytes) token += {kDigits[byte >> 4], kDigits[byte & 15]};
  return token;
}

bool IsToken(std::string_view text) {
  return text.size() == 2 * kBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return kDigits.find(c) != kDigits.npos;
         });
}

}  // namespace discovery
