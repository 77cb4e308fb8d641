#include "api/identity/jwt.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.h"
#include "base/go_text.h"

namespace identity {
namespace {

using nlohmann::json;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

base::Status Refused(std::string_view why) {
  return {base::Code::kUnauthenticated, why};
}

std::string Encoded(const json& value) {
  return base::Base64Encode(
      value.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace),
      base::Base64::kUrl);
}

// Compat: Go's decoder passes over line ends.
std::optional<base::Bytes> Decode(std::string_view part) {
  std::string text(part);
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return base::Base64Decode(text, base::Base64::kUrl);
}

// The number of "\uXXXX" at the start of `text`; nothing if there is none.
std::optional<uint32_t> EscapedUnit(std::string_view text) {
  constexpr size_t kSize = 6;
  if (text.size() < kSize || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  uint32_t unit = 0;
  for (const char c : text.substr(2, 4)) {
    const std::string_view digits = "0123456789abcdef";
    const size_t digit = digits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c));
    if (digit == std::string_view::npos) return std::nullopt;
    unit = unit * 16 + static_cast<uint32_t>(digit);
  }
  return unit;
}

bool IsHighSurrogate(uint32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}
bool IsLowSurrogate(uint32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

// The size of what stands at the start of `text` and is taken as it is: a character, or an escaped
// one; 0 if it is neither.
size_t WholeSize(std::string_view text) {
  if (text[0] != '\\') return base::Utf8Length(text);
  const auto first = EscapedUnit(text);
  if (!first) return std::min<size_t>(text.size(), 2);
  if (IsLowSurrogate(*first)) return 0;
  if (!IsHighSurrogate(*first)) return 6;
  const auto second = EscapedUnit(text.substr(6));
  return second && IsLowSurrogate(*second) ? 12 : 0;
}

// Compat: Go reads a byte that is not UTF-8, and half of a surrogate pair, as U+FFFD, where the
// library here takes neither.
std::string AsGoReads(std::string_view text) {
  std::string read;
  while (!text.empty()) {
    const size_t whole = WholeSize(text);
    if (whole > 0) {
      read += text.substr(0, whole);
      text.remove_prefix(whole);
    } else {
      read += kReplacement;
      text.remove_prefix(text[0] == '\\' ? 6 : 1);
    }
  }
  return read;
}

// An object, or nothing for what Go would not take for one.
std::optional<json> ParseObject(std::string_view text) {
  // The library takes a zero for the end, and a byte order mark for nothing.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xef\xbb\xbf")) {
    return std::nullopt;
  }
  json value = json::parse(AsGoReads(text), nullptr, /*allow_exceptions=*/false);
  // Compat: Go takes null for an object without members.
  if (value.is_null()) return json::object();
  if (!value.is_object()) return std::nullopt;
  return value;
}

// A conversion as that processor does it: what does not fit is the smallest of all.
int64_t ToInt64(double number) {
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  if (!(number >= -kEnd && number < kEnd)) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(number);
}
// The same without a sign: the upper half is converted apart.
uint64_t ToUint64(double number) {
  constexpr double kHalf = 9223372036854775808.0;
  if (number < kHalf || number >= 2 * kHalf) return static_cast<uint64_t>(ToInt64(number));
  return static_cast<uint64_t>(number);
}

// Whole seconds of a claim that may be missing, or 0, which is the same.
base::Result<std::optional<int64_t>> TimeOf(const json& claims, const char* name) {
  using Time = std::optional<int64_t>;
  const auto found = claims.find(name);
  if (found == claims.end()) return Time();
  if (!found->is_number()) {
    return Refused("token has invalid claims: " + std::string(name) + " is invalid");
  }
  const auto number = found->get<double>();
  if (number == 0) return Time();
  const int64_t seconds = ToInt64(std::trunc(number));
  // Go counts from the year 1: what is too late for that is long ago.
  constexpr int64_t kSecondsTo1970 = 62135596800;
  if (seconds > std::numeric_limits<int64_t>::max() - kSecondsTo1970) {
    return Time(std::numeric_limits<int64_t>::min());
  }
  return Time(seconds);
}

base::Result<JwtClaims> ClaimsOf(const json& claims) {
  JwtClaims read;
  ASSIGN_OR_RETURN(read.expires, TimeOf(claims, "exp"));
  ASSIGN_OR_RETURN(read.not_before, TimeOf(claims, "nbf"));
  const auto user = claims.find("username");
  if (user == claims.end() || !user->is_string()) {
    return Refused("failed to obtain user claims from jwt token");
  }
  const auto revision = claims.find("revision");
  if (revision == claims.end() || !revision->is_number()) {
    return Refused("failed to obtain revision claims from jwt token");
  }
  read.user = user->get<std::string>();
  read.revision = ToUint64(revision->get<double>());
  return read;
}

base::Status CheckHeader(const JwtKey& key, const json& header) {
  const auto method = header.find("alg");
  if (method == header.end() || !method->is_string()) {
    return Refused("token is unverifiable: signing method (alg) is unspecified");
  }
  if (method->get<std::string>() != JwtMethodName(key.method())) {
    return Refused("token is unverifiable: error while executing keyfunc: invalid signing method");
  }
  return {};
}

}  // namespace

base::Result<std::string> SignJwt(const JwtKey& key, const JwtClaims& claims) {
  const json header = {{"alg", JwtMethodName(key.method())}, {"typ", "JWT"}};
  json body = {{"username", claims.user}, {"revision", claims.revision}};
  if (claims.expires) body["exp"] = *claims.expires;
  if (claims.not_before) body["nbf"] = *claims.not_before;
  std::string token = Encoded(header) + "." + Encoded(body);
  ASSIGN_OR_RETURN(const base::Bytes signature, key.Sign(token));
  return token + "." + base::Base64Encode(signature, base::Base64::kUrl);
}

base::Result<JwtClaims> VerifyJwt(const JwtKey& key, std::string_view token) {
  if (token.size() > kJwtBytesMax) return Refused("token is malformed: it is too long");
  const size_t first = token.find('.');
  const size_t last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last) {
    return Refused("token is malformed: token contains an invalid number of segments");
  }
  const auto header_text = Decode(token.substr(0, first));
  if (!header_text) return Refused("token is malformed: could not base64 decode header");
  const auto header = ParseObject(*header_text);
  if (!header) return Refused("token is malformed: could not JSON decode header");
  const auto claims_text = Decode(token.substr(first + 1, last - first - 1));
  if (!claims_text) return Refused("token is malformed: could not base64 decode claim");
  const auto claims = ParseObject(*claims_text);
  if (!claims) return Refused("token is malformed: could not JSON decode claim");
  RETURN_IF_ERROR(CheckHeader(key, *header));
  const auto signature = Decode(token.substr(last + 1));
  if (!signature) return Refused("token is malformed: could not base64 decode signature");
  if (!key.Verify(token.substr(0, last), *signature)) {
    return Refused("token signature is invalid");
  }
  return ClaimsOf(*claims);
}

base::Status CheckTimes(const JwtClaims& claims, runtime::WallTime now) {
  constexpr int64_t kNanosOfASecond = 1'000'000'000;
  const int64_t seconds = now.unix_nanos / kNanosOfASecond;
  if (claims.expires && seconds >= *claims.expires) {
    return Refused("token has invalid claims: token is expired");
  }
  if (claims.not_before && seconds < *claims.not_before) {
    return Refused("token has invalid claims: token is not valid yet");
  }
  return {};
}

}  // namespace identity
