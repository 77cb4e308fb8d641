#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/identity/jwt_key.h"
#include "base/errors.h"
#include "base/result.h"
#include "observe/log.h"
#include "runtime/time.h"

namespace identity {

// etcd's word for options that cannot be.
inline constexpr base::errors::Error kInvalidAuthOptions{base::Code::kInvalidArgument,
                                                         "auth: invalid auth options"};

// What --auth-token says: "kind,name=value,name=value".
struct TokenOptions {
  std::string kind;
  std::map<std::string, std::string> values;
};
// kInvalidAuthOptions, after a line in the log, for an option that has not one '=' and for
// a name that is there twice.
base::Result<TokenOptions> ParseTokenOptions(std::string_view text, const observe::Logger& logger);

struct JwtOptions {
  JwtMethod method = JwtMethod::kRs256;
  // Empty: none.
  std::string public_key_file = {};
  std::string private_key_file = {};
  runtime::Duration ttl = std::chrono::minutes(5);
};
// Fails with the texts of etcd and Go. Other options are passed over.
base::Result<JwtOptions> ParseJwtOptions(const TokenOptions& options);
// The names of those.
std::vector<std::string> UnknownJwtOptions(const TokenOptions& options);

}  // namespace identity
