#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/identity/jwt_key.h"
#include "base/result.h"
#include "base/status.h"
#include "runtime/time.h"

namespace identity {

// JSON Web Tokens (RFC 7519), as etcd makes and judges them: three parts in base64url, a header
// that names the method, claims, and the signature over both.

// A longer one is no token. What carries it over HTTP has its bound near here, too; and no JSON in
// it is nested deeper than Go takes.
inline constexpr size_t kJwtBytesMax = 8192;

// Of the claims, those that count. Others are passed over.
struct JwtClaims {
  std::string user;
  uint64_t revision = 0;  // of users and roles
  // Seconds since 1970; without them it counts always.
  std::optional<int64_t> expires = std::nullopt;
  std::optional<int64_t> not_before = std::nullopt;
};

// As JwtKey::Sign fails.
base::Result<std::string> SignJwt(const JwtKey& key, const JwtClaims& claims);

// What a token says that was signed with the key. kUnauthenticated with why it cannot be believed;
// the text has nothing of the token. Whether it counts now is not asked.
//
// Compat: numbers are those of floating point, and what does not fit into 64 bits becomes what it
// does in etcd on a machine of the x86 kind.
base::Result<JwtClaims> VerifyJwt(const JwtKey& key, std::string_view token);

// Whether claims count at a time; kUnauthenticated.
base::Status CheckTimes(const JwtClaims& claims, runtime::WallTime now);

}  // namespace identity
