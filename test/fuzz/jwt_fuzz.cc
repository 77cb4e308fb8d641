// Any bytes as a token: nobody knows the key, so none is believed. And any bytes as the header and
// the claims of a token that is signed, after a first byte that says how many are the header's:
// what is taken of them is taken again from a token that is made of it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/identity/jwt.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/go_text.h"

namespace {

const identity::JwtKey& Key() {
  static const identity::JwtKey key =
      identity::JwtKey::Parse(identity::JwtMethod::kHs256,
                              {.public_key = "", .private_key = "known to this program alone"})
          .value();
  return key;
}

std::string Signed(std::string_view header, std::string_view claims) {
  const std::string text = base::Base64Encode(header, base::Base64::kUrl) + "." +
                           base::Base64Encode(claims, base::Base64::kUrl);
  return text + "." + base::Base64Encode(Key().Sign(text).value(), base::Base64::kUrl);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  CHECK(!identity::VerifyJwt(Key(), input).ok());
  if (input.empty()) return 0;
  const size_t header_size = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  const std::string_view header =
      header_size == 0 ? R"({"alg":"HS256"})" : input.substr(0, header_size);
  const std::string_view claims = input.substr(std::min(header_size, input.size()));
  const auto taken = identity::VerifyJwt(Key(), Signed(header, claims));
  if (!taken.ok()) return 0;
  CHECK(base::IsUtf8(taken->user));
  const auto again = identity::VerifyJwt(Key(), identity::SignJwt(Key(), *taken).value());
  if (!again.ok()) return 0;  // it has become longer
  CHECK(again->user == taken->user);
  // What was below zero is above this, and not a number of floating point.
  constexpr uint64_t kExactMax = uint64_t{1} << 63;
  CHECK(taken->revision > kExactMax || again->revision == taken->revision);
  return 0;
}
